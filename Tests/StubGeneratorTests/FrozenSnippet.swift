import Foundation
import StubGenerator

/// A contract that is frozen as release 0.1, service version 1, and what the plugin makes of it after some edits.
enum FrozenSnippet {
    /// From line 7 on, one declaration per line.
    static let released = Snippet.proto(
        """
        enum Colour {
          COLOUR_RED = 0;
          COLOUR_GREEN = 1;
          COLOUR_BLUE = 2 [(stator.v1.value) = { since: "1.1", lower_as: "COLOUR_RED" }];
        }
        enum Size { SIZE_SMALL = 0; }
        message Part {
          option (stator.v1.object) = { version: "1.0" };
          optional string name = 1;
        }
        message Other {
          option (stator.v1.object) = { version: "1.0" };
        }
        message Loose {
          optional string text = 1;
        }
        message Gadget {
          option (stator.v1.object) = { version: "1.2" };
          optional string name = 1 [(stator.v1.field) = { length_max: 100 }];
          optional int32 weight = 2;
          repeated string tags = 3;
          optional Colour colour = 4;
          optional Part part = 5;
          optional bytes secret = 6 [(stator.v1.field) = { sensitive: true }];
          optional string note = 7 [(stator.v1.field) = { since: "1.1", lowering: LOWERING_REFUSE }];
          optional string host = 8 [(stator.v1.field) = { format: FORMAT_NAME }];
          optional string old = 9 [(stator.v1.field) = { until: "1.2" }];
          optional Loose loose = 10;
        }
        message Question {
          option (stator.v1.object) = { version: "1.0" };
        }
        message Farewell {
          option (stator.v1.object) = { version: "1.0" };
        }
        // Answers.
        service Desk {
          rpc Get(Question) returns (Gadget) {
            option (stator.v1.call) = { callers: [CALLER_CLASS_API, CALLER_CLASS_USER], idempotent: true, since: 1 };
          }
          rpc Leave(Farewell) returns (Question) {
            option (stator.v1.call) = { callers: [CALLER_CLASS_API], since: 1, until: 2 };
          }
          rpc Show(Other) returns (Question) {
            option (stator.v1.call) = { callers: [CALLER_CLASS_API], since: 1 };
          }
        }
        """)

    /// A text and what stands in its place.
    typealias Edit = (String, String)

    /// The edits' text; an edit that meets nothing is an error, since the case would then show nothing.
    static func edited(_ edits: [Edit], of text: String = released) throws -> String {
        try edits.reduce(text) { text, edit in
            guard let range = text.range(of: edit.0) else { throw SnippetError(message: "no \(edit.0) to edit") }
            return text.replacingCharacters(in: range, with: edit.1)
        }
    }

    /// The plugin's error for the edited contract, as Snippet.refusal gives it, with `RELEASES` for the folder.
    static func refusal(_ edits: [Edit]) throws -> String? {
        try refusal(edited(edits), after: [(name: "0.1", serviceVersion: 1, text: released)])
    }

    static func refusal(
        _ text: String, after releases: [(name: String, serviceVersion: Int, text: String)], parameters: String = ""
    ) throws -> String? {
        let result = try generate(text, after: releases, parameters: "c_module=CExample\(parameters)")
        guard case .failure(let error) = result else { return nil }
        return error.message.split(separator: "\n").map { line in
            line.hasPrefix("example.proto:") ? String(line.dropFirst("example.proto:".count)) : String(line)
        }.joined(separator: "\n")
    }

    /// What the plugin makes of a text after frozen releases.
    static func generate(
        _ text: String, after releases: [(name: String, serviceVersion: Int, text: String)], parameters: String
    ) throws -> Result<[String: String], SnippetError> {
        try Snippet.withFolder { folder in
            for release in releases {
                try freeze(release.text, named: release.name, serviceVersion: release.serviceVersion, in: folder)
            }
            let result = try Snippet.generate(text, parameters: "\(parameters),releases=\(folder.path)")
            return result.mapError { error in
                SnippetError(message: error.message.replacingOccurrences(of: folder.path, with: "RELEASES"))
            }
        }
    }

    private static func freeze(_ text: String, named name: String, serviceVersion: Int, in folder: URL) throws {
        let release = folder.appending(path: name)
        let options = Snippet.protosFolder.appending(path: "stator/v1/options.proto")
        try write(String(contentsOf: options, encoding: .utf8), named: "stator/v1/options.proto", in: release)
        try write(text, named: "example.proto", in: release)
        try write("release \(name)\nservice_version \(serviceVersion)\n", named: "release.txt", in: release)
    }

    /// Writes a file of a release, and the folders that it lies in.
    static func write(_ text: String, named name: String, in release: URL) throws {
        let file = release.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
}
