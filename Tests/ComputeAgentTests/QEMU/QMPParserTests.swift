import ComputeAgent
import Testing

@Suite struct QMPParserTests {
    private static let conversation = Array(
        """
        {"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}, "capabilities": ["oob"]}}\r
        {"return": {}}\r
        {"timestamp": {"seconds": 1, "microseconds": 2}, "event": "SHUTDOWN", "data": {"guest": true}}\r
        {"return": {"status": "running", "singlestep": false, "running": true}}\r
        {"return": [{"name": "x"}]}\r
        {"error": {"class": "CommandNotFound", "desc": "The command nonsense has not been found"}}\r

        """.utf8)
    private static let messages: [QMPMessage] = [
        .greeting, .success(status: nil), .event("SHUTDOWN"), .success(status: "running"), .success(status: nil),
        .failure("The command nonsense has not been found"),
    ]

    @Test func `a conversation is understood however it is cut`() throws {
        for split in 0...Self.conversation.count {
            var parser = QMPParser()
            var messages = try parser.receive(Self.conversation[..<split])
            messages += try parser.receive(Self.conversation[split...])
            #expect(messages == Self.messages)
        }
    }

    @Test func `a conversation is understood byte by byte`() throws {
        var parser = QMPParser()
        var messages: [QMPMessage] = []
        for byte in Self.conversation { messages += try parser.receive([byte]) }
        #expect(messages == Self.messages)
    }

    @Test(arguments: ["garbage", "{", "[]", "12", "{}", #"{"other": 1}"#, #"{"error": 3}"#, "\u{FF}\u{0}"])
    func `garbage is a violation`(_ line: String) {
        #expect(throws: QMPParser.Violation.self) {
            var parser = QMPParser()
            _ = try parser.receive(Array("\(line)\n".utf8))
        }
    }

    @Test func `an endless line is a violation before it fills the memory`() {
        #expect(throws: QMPParser.Violation.self) {
            var parser = QMPParser()
            for _ in 0..<1000 { _ = try parser.receive([UInt8](repeating: 32, count: 1000)) }
        }
    }
}
