import ComputeObjects
import StatorObjects
import StatorRPC
import StatorWire
import Testing

@Suite struct NamesTests {
    @Test(arguments: [
        "a", "web-1", "Größe", "日本語", "with space", " x", String(repeating: "n", count: 255), "🚀",
    ])
    func `these are names`(name: String) throws {
        try checkName(name, field: "name")
    }

    static let refused: [(String?, InvalidName.Code, String)] = [
        (nil, .missing, "name is missing"),
        ("", .empty, "name is empty; it takes 1 to 255 characters"),
        ("   ", .blank, "name is blank; it takes at least one visible character"),
        (String(repeating: "n", count: 256), .tooLong, "name is longer than 255 characters"),
        (String(repeating: "n", count: 300), .tooLong, "name is longer than 255 characters"),
        (String(repeating: "n", count: 1_000_000), .tooLong, "name is longer than 255 characters"),
        ("a\u{0}b", .controlCharacter, "name contains a NUL character; control characters are not allowed in names"),
        (
            "a\u{1B}[31mb", .controlCharacter,
            "name contains the control character U+001B; control characters are not allowed in names"
        ),
        (
            "a\nb", .controlCharacter,
            "name contains the control character U+000A; control characters are not allowed in names"
        ),
        (
            "a\u{7F}", .controlCharacter,
            "name contains the control character U+007F; control characters are not allowed in names"
        ),
        (
            "a\u{9B}b", .controlCharacter,
            "name contains the control character U+009B; control characters are not allowed in names"
        ),
        (
            "a\u{202E}b", .controlCharacter,
            "name contains the control character U+202E; control characters are not allowed in names"
        ),
        (
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", .looksLikeUUID,
            "name may not be the text of a uuid, which always means an id; choose another name"
        ),
    ]

    @Test(arguments: refused)
    func `these are not, and the sentence says why`(name: String?, code: InvalidName.Code, message: String) {
        #expect(throws: InvalidName.self) { try checkName(name, field: "name") }
        do {
            try checkName(name, field: "name")
        } catch {
            #expect(error.code == code)
            #expect(error.message == message)
            #expect(error.rpcError.code == .invalidArgument)
        }
    }

    @Test func `a reference is an id when it has the form of one, else a name`() throws {
        let text = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
        let id = try #require(ObjectID(text))
        #expect(try ObjectReference(text, field: "server") == .id(id))
        #expect(try ObjectReference(text.uppercased(), field: "server") == .id(id))
        #expect(try ObjectReference("web", field: "server") == .name("web"))
        #expect(try ObjectReference(String(text.dropLast()), field: "server") == .name(String(text.dropLast())))
    }

    @Test(arguments: [nil, "", "a\u{0}", String(repeating: "x", count: 256)])
    func `what cannot be a name cannot be looked for either`(text: String?) {
        #expect(throws: InvalidName.self) { try ObjectReference(text, field: "server") }
    }
}
