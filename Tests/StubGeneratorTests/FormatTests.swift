import Foundation
import StubGenerator
import Testing

@Suite struct FormatTests {
    private static let text = Snippet.proto(
        """
        // A thing. It has a comment that is longer than a line may be and has to be broken somewhere, so here it is, all of it.
        message Gadget {
          option (stator.v1.object) = { version: "1.1" };
          optional bytes uuid = 1 [(stator.v1.field) = { format: FORMAT_UUID }];
          repeated Gadget parts = 3 [(stator.v1.field) = { since: "1.1", length_max: 4, lowering: LOWERING_REFUSE }];
          map<string, Gadget> parts_by_their_name_which_is_long = 4 [(stator.v1.field) = { since: "1.1", lazy: true }];
          optional Colour colour = 5;
          message Inner { }
        }
        message Empty { }
        enum Colour {
          COLOUR_RED = 0;
          COLOUR_BLUE = 2 [(stator.v1.value) = { since: "1.1", lower_as: "COLOUR_RED" }];
        }
        service Desk {
          rpc Ask(Gadget) returns (Empty) { \(RefusalTests.callOption) }
          rpc WatchEverythingThatHappensToGadgets(stream Gadget) returns (stream Gadget) { \(RefusalTests.callOption) }
        }
        """)

    @Test func `swift-format has nothing to say about generated text`() throws {
        let files = try FrozenSnippet.generate(
            Self.text,
            after: [
                (name: "0.1", serviceVersion: 1, text: Self.text), (name: "0.2", serviceVersion: 1, text: Self.text),
            ],
            parameters: "c_module=CExample,manifest=Known"
        ).get()
        #expect(files.count == 5)
        try Snippet.withFolder { folder in
            for (name, content) in files { try Data(content.utf8).write(to: folder.appending(path: name)) }
            let root = Snippet.protosFolder.resolvingSymlinksInPath().deletingLastPathComponent()
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [
                "swift", "format", "lint", "--strict", "--recursive", "--configuration",
                root.appending(path: ".swift-format").path, folder.path,
            ]
            let errors = Pipe()
            process.standardError = errors
            try process.run()
            let output = try errors.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            #expect(String(decoding: output, as: UTF8.self) == "")
            #expect(process.terminationStatus == 0)
        }
    }
}
