import Foundation
import StubGenerator
import Testing

/// Which releases count: the neighbouring one is supported, and numbers are never used twice.
@Suite struct SupportTests {
    private static func gadget(_ version: String, _ fields: String) -> String {
        Snippet.proto("message Gadget {\n  option (stator.v1.object) = { version: \"\(version)\" };\n\(fields)\n}")
    }

    private static let first = gadget("1.0", "  optional int32 weight = 1;")
    private static let second = gadget("1.1", "  optional int32 weight = 1 [(stator.v1.field) = { until: \"1.1\" }];")
    private static let both = [
        (name: "0.1", serviceVersion: 1, text: first), (name: "0.2", serviceVersion: 2, text: second),
    ]

    @Test func `a field goes when only releases out of support have it`() throws {
        let third = Self.gadget("1.2", "  reserved 1;")
        #expect(try FrozenSnippet.refusal(third, after: Self.both) == nil)
        let early = try FrozenSnippet.refusal(Self.gadget("1.1", "  reserved 1;"), after: [Self.both[0]])
        #expect(early?.contains("Gadget.weight is gone, but release 0.1, which is supported, has it.") == true)
        // A release that is skipped does not make the older one's neighbour out of it.
        let late = try FrozenSnippet.refusal(
            Self.gadget("1.1", "  reserved 1;"), after: [Self.both[0]], parameters: ",service_version=3")
        #expect(late == nil)
    }

    @Test func `a number stays taken by a field of any release`() throws {
        let third = Self.gadget("1.2", "  reserved 1;")
        let releases = Self.both + [(name: "0.3", serviceVersion: 3, text: third)]
        let fourth = Self.gadget("1.3", "  optional int32 mass = 1 [(stator.v1.field) = { since: \"1.3\" }];")
        #expect(
            try FrozenSnippet.refusal(fourth, after: releases)
                == "9: example.v1.Gadget.mass has number 1, which release 0.2 gave to weight. "
                + "Fix: take a number that no release has used: 2.")
        let again = Self.gadget("1.3", "  optional int32 weight = 1 [(stator.v1.field) = { since: \"1.3\" }];")
        #expect(try FrozenSnippet.refusal(again, after: releases)?.contains("has number 1, which release 0.2") == true)
        #expect(
            try FrozenSnippet.refusal(Self.gadget("1.3", ""), after: releases)
                == "7: example.v1.Gadget does not reserve number 1, which release 0.2 gave to weight. "
                + "Fix: write `reserved 1;`.")
    }

    @Test func `an object that no supported release has may go and come back`() throws {
        let none = Snippet.proto("message Other { }")
        #expect(
            try FrozenSnippet.refusal(none, after: [Self.both[0]])
                == "RELEASES/0.1/example.proto:7: example.v1.Gadget is gone, but release 0.1, which is supported, has "
                + "it. Fix: declare it again; it can go when no supported release has a method or a field with it.")
        let releases = [Self.both[0], (name: "0.2", serviceVersion: 2, text: none)]
        #expect(try FrozenSnippet.refusal(none, after: releases) == nil)
        let major = Self.gadget("2.0", "  optional int32 weight = 1;")
        #expect(try FrozenSnippet.refusal(major + "message Other { }", after: releases) == nil)
    }

    @Test func `what is imported counts as there, and is compared where it is generated`() throws {
        let base = Snippet.proto("enum E { E_A = 0; }\nmessage Base { optional E e = 1; }")
        let example = """
            syntax = "proto2";
            import "stator/v1/options.proto";
            import "base.proto";
            message A {
              option (stator.v1.object) = { version: "1.0" };
              optional example.v1.Base base = 1;
              optional example.v1.E e = 2;
            }
            """
        try Snippet.withFolder { folder in
            let release = folder.appending(path: "releases/0.1")
            let changed = base.replacingOccurrences(of: "optional E e = 1;", with: "")
            for (name, text, place) in [
                ("base.proto", base, release), ("example.proto", example, release), ("base.proto", changed, folder),
                ("example.proto", example, folder), ("release.txt", "release 0.1\nservice_version 1\n", release),
            ] {
                try FrozenSnippet.write(text, named: name, in: place)
            }
            let options = Snippet.protosFolder.appending(path: "stator/v1/options.proto")
            try FrozenSnippet.write(
                String(contentsOf: options, encoding: .utf8), named: "stator/v1/options.proto", in: release)
            let request = try Snippet.request(
                for: ["example.proto"], in: folder,
                parameters: "mode=fingerprints,releases=\(folder.path)/releases")
            let files = try Snippet.response(StubPlugin().respond(to: request)).get()
            #expect(files["fingerprints.txt"]?.split(separator: "\n").count == 1)
            #expect(files["fingerprints.txt"]?.hasPrefix("object A 1.0 ") == true)
        }
    }

    @Test func `a release that does not say what it is cannot be read`() throws {
        try Snippet.withFolder { folder in
            let release = folder.appending(path: "0.1")
            try FrozenSnippet.write("release 0.1\n", named: "release.txt", in: release)
            func message() throws -> String? {
                let parameters = "mode=fingerprints,releases=\(folder.path)"
                guard case .failure(let error) = try Snippet.generate(Self.first, parameters: parameters) else {
                    return nil
                }
                return error.message.replacingOccurrences(of: folder.path, with: "RELEASES")
            }
            #expect(
                try message()
                    == "RELEASES/0.1/release.txt: The file does not name a release and its service version. "
                    + "Fix: write `release 0.1` and `service_version 1`, each on a line of its own.")
            try FrozenSnippet.write("release 0.1\nservice_version 1\n", named: "release.txt", in: release)
            #expect(
                try message()
                    == "RELEASES/0.1/release.txt: The folder of release 0.1 holds no protos. "
                    + "Fix: bring them back from the release's commit.")
            try FrozenSnippet.write("syntax = \"proto2\"", named: "example.proto", in: release)
            #expect(
                try message()
                    == "releases=: protoc ended with status 1. "
                    + "Fix: install protobuf's compiler and see what it wrote above.")
        }
    }
}
