import ComputeMessages
import StatorObjects
import TestSupport
import Testing

/// A message declared to contain itself; only its refusal is tested, since its C code is another message's.
private struct Endless: VersionedMessage {
    static let schema: MessageSchema = MessageSchema(
        name: "test.Endless", descriptor: ServerResponse.schema.descriptor,
        fields: [FieldSchema(1, "endless", .message { Endless.schema })])

    var content: MessageContent

    init(content: MessageContent) {
        self.content = content
    }
}

@Suite struct NestingTests {
    private func nested(_ depth: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 1..<depth {
            var sample = WireSample()
            sample.field(1, bytes: bytes)
            bytes = sample.bytes
        }
        return bytes
    }

    @Test func `nesting beyond the limit is refused before protobuf-c recurses`() throws {
        for depth in [33, 34, 1_000] {
            let error = try #require(throws: ObjectError.self) { try Endless(decoding: nested(depth)) }
            #expect(error.code == .tooDeep)
            #expect(error.message == "test.Endless is nested deeper than 32 messages.")
        }
    }

    @Test(arguments: [[0x0A, 0x05], [0x0B], [0x0A], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x0D, 1, 2, 3], [0x09]])
    func `bytes that cannot be followed are refused`(bytes: [UInt8]) throws {
        let error = try #require(throws: ObjectError.self) { try Endless(decoding: bytes) }
        #expect(error.code == .malformed)
    }
}
