import Foundation
import StubGenerator
import Testing

@Suite struct FingerprintTests {
    private static let text = Snippet.proto(
        """
        // A colour.
        enum Colour {
          COLOUR_RED = 0;
          COLOUR_BLUE = 2 [(stator.v1.value) = { since: "1.1", lower_as: "COLOUR_RED" }];
        }
        message Gadget {
          option (stator.v1.object) = { version: "1.1" };
          // How heavy it is.
          optional int32 weight = 2 [(stator.v1.field) = { since: "1.1", lowering: LOWERING_REFUSE }];
          optional string name = 1 [(stator.v1.field) = { format: FORMAT_NAME, length_max: 9, sensitive: true }];
          repeated Gadget parts = 3 [(stator.v1.field) = { lazy: true, until: "1.1" }];
          map<string, Colour> colours = 4;
        }
        message Loose { optional bytes blob = 1; }
        service Desk {
          rpc Get(Loose) returns (stream Gadget) {
            option (stator.v1.call) = {
              callers: [CALLER_CLASS_USER, CALLER_CLASS_API], idempotent: true, since: 2, until: 4, priority: true
            };
          }
        }
        """)

    private static let gadget = """
        object example.v1.Gadget 1.1
        field 1 name optional string format=name length_max=9 sensitive
        field 2 weight optional int32 since=1.1 lowering=refuse
        field 3 parts repeated example.v1.Gadget until=1.1 lazy
        field 4 colours optional map<string, example.v1.Colour>
        enum example.v1.Colour
        value example.v1.Colour 0 COLOUR_RED
        value example.v1.Colour 2 COLOUR_BLUE since=1.1 lower_as=0

        """
    private static let loose = "object example.v1.Loose unversioned\nfield 1 blob optional bytes\n"
    private static let get = """
        method example.v1.Desk/Get
        request example.v1.Loose
        response example.v1.Gadget
        shape serverStreaming
        callers api user
        idempotent
        priority
        since 2
        until 4

        """

    private func fingerprints(_ text: String) throws -> [String] {
        let files = try Snippet.generate(text, parameters: "mode=fingerprints").get()
        #expect(files.keys.sorted() == ["fingerprints.txt"])
        return try #require(files["fingerprints.txt"]).split(separator: "\n").map(String.init)
    }

    @Test func `a fingerprint is the hash of the canonical form`() throws {
        #expect(
            try fingerprints(Self.text) == [
                "object example.v1.Gadget 1.1 \(SHA256(Self.gadget.utf8).hex)",
                "message example.v1.Loose \(SHA256(Self.loose.utf8).hex)",
                "method example.v1.Desk/Get 2 \(SHA256(Self.get.utf8).hex)",
            ])
    }

    @Test(arguments: [
        [("// How heavy it is.", "// What it weighs.")], [("message Gadget {\n", "message Gadget {\n\n")],
        [("{ format: FORMAT_NAME, length_max: 9,", "{ length_max: 9, format: FORMAT_NAME,")],
        [("  map<string, Colour> colours = 4;\n", ""), ("  // How", "  map<string, Colour> colours = 4;\n  // How")],
    ])
    func `comments, spaces and order leave fingerprints as they are`(edits: [FrozenSnippet.Edit]) throws {
        #expect(try fingerprints(FrozenSnippet.edited(edits, of: Self.text)) == fingerprints(Self.text))
    }

    @Test(arguments: [
        ("version: \"1.1\"", "version: \"1.2\""), ("int32 weight", "sint32 weight"),
        ("LOWERING_REFUSE", "LOWERING_DROP"),
        ("format: FORMAT_NAME, ", ""), ("length_max: 9", "length_max: 8"), (", sensitive: true", ""),
        ("lazy: true, ", ""),
        (", until: \"1.1\"", ""), ("weight = 2", "weight = 5"), ("weight = 2", "mass = 2"),
        (", lower_as: \"COLOUR_RED\"", ""), ("COLOUR_BLUE = 2", "COLOUR_BLUE = 3"),
        ("repeated Gadget", "optional Gadget"),
        ("map<string, Colour>", "map<int32, Colour>"),
    ])
    func `everything that peers rely on changes an object's fingerprint, and no other`(old: String, new: String) throws
    {
        let before = try fingerprints(Self.text)
        let after = try fingerprints(FrozenSnippet.edited([(old, new)], of: Self.text))
        #expect(before[0] != after[0])
        #expect(before.dropFirst() == after.dropFirst())
    }

    @Test(arguments: [
        ("CALLER_CLASS_USER, ", ""), ("idempotent: true, ", ""), ("since: 2", "since: 3"), (", until: 4", ""),
        (", priority: true", ""), ("Get(Loose)", "Get(Gadget)"), ("(stream Gadget)", "(Gadget)"),
        ("(stream Gadget)", "(stream Loose)"),
    ])
    func `everything that peers rely on changes a method's fingerprint`(old: String, new: String) throws {
        let before = try fingerprints(Self.text)
        let after = try fingerprints(FrozenSnippet.edited([(old, new)], of: Self.text))
        #expect(before[2] != after[2])
        #expect(before.prefix(2) == after.prefix(2))
    }

    @Test func `the contract keeps to its releases, and its fingerprints are those in the repository`() throws {
        let protos = Snippet.protosFolder
        let folder = protos.appending(path: "stator/v1")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".proto") && $0 != "options.proto" }.sorted()
        let request = try Snippet.request(
            for: names.map { "stator/v1/\($0)" }, in: protos,
            parameters: "mode=fingerprints,releases=\(protos.path)/releases")
        let files = try Snippet.response(StubPlugin().respond(to: request)).get()
        let current = try String(contentsOf: protos.appending(path: "fingerprints.txt"), encoding: .utf8)
        #expect(files["fingerprints.txt"] == current, "make golden writes Protos/fingerprints.txt anew")
    }
}
