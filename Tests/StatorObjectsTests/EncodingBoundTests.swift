import ComputeMessages
import StatorObjects
import TestSupport
import Testing

@Suite struct EncodingBoundTests {
    /// Encodes into a buffer of just the bound's length, behind which a write would show.
    private func check(_ message: some VersionedMessage, for receiver: Manifest? = nil) throws -> [UInt8] {
        let encoding = try message.encoding(for: receiver)
        let bound = encoding.byteCountMax
        let guardCount = 64
        var buffer = [UInt8](repeating: 0xA5, count: bound + guardCount)
        let count = buffer.withUnsafeMutableBytes { bytes in
            encoding.write(into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<bound]))
        }
        #expect(count <= bound)
        #expect(count == encoding.byteCount)
        #expect(buffer.dropFirst(bound).allSatisfy { $0 == 0xA5 })
        if bound > MessageEncoding.boundedByteCountMax {
            #expect(count == bound)
        }
        return Array(buffer.prefix(count))
    }

    /// Some fields of the message, in random order, and some that the declaration does not know.
    private func sample(_ schema: MessageSchema, using random: inout SeededGenerator) -> [UInt8] {
        var sample = WireSample(someOf: schema, using: &random)
        for _ in 0..<random.pick([0, 0, 1, 3]) {
            let number = random.pick([6_000, 600_000, 500_000_000] as [UInt32])
            if Bool.random(using: &random) {
                sample.field(number, varint: random.next())
            } else {
                sample.field(number, bytes: [UInt8](repeating: 7, count: Int.random(in: 0...40, using: &random)))
            }
        }
        return sample.bytes
    }

    @Test(arguments: 0..<messageTypes.count) func `no message of the contract is longer than its bound`(
        index: Int
    ) throws {
        var random = SeededGenerator(seed: UInt64(index))
        let type = messageTypes[index]
        for _ in 0..<100 {
            let message = try type.init(decoding: sample(type.schema, using: &random))
            let bytes = try check(message)
            #expect(try type.init(decoding: bytes).encodedBytes() == bytes)
        }
    }

    @Test(arguments: 0..<16) func `no message with fields of every kind is longer than its bound`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let old = Manifest(["test.EveryKind": ObjectVersion(1, 0)])
        for _ in 0..<20 {
            let message = try EveryKind(decoding: sample(EveryKind.schema, using: &random))
            let bytes = try check(message)
            let again = try EveryKind(decoding: bytes)
            #expect(again == message)
            let lowered = try check(message, for: old)
            #expect(try EveryKind(decoding: lowered).encodedBytes() == lowered)
            for index in EveryKind.members.indices where EveryKind.members[index].type == .message {
                let views: [EveryKind] =
                    EveryKind.members[index].isRepeated
                    ? message.content.messages(index) : message.content.message(index).map { [$0] } ?? []
                for view in views {
                    let bytes = try check(view)
                    #expect(try EveryKind(decoding: bytes) == view)
                    _ = try check(view, for: old)
                }
            }
        }
    }

    @Test(arguments: 0..<8) func `no message made by setters is longer than its bound`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var message = EveryKind()
        for _ in 0..<1_000 {
            set(Int.random(in: EveryKind.members.indices, using: &random), of: &message, using: &random)
            _ = try check(message)
        }
        var nested = EveryKind()
        let index = try #require(EveryKind.members.firstIndex { $0.type == .message && !$0.isRepeated })
        let list = try #require(EveryKind.members.firstIndex { $0.type == .message && $0.isRepeated })
        for _ in 0..<10 {
            nested.content.set(index, message)
            nested.content.set(list, [EveryKind(), message, EveryKind()])
            _ = try check(nested)
            _ = try check(nested.content.message(index) ?? EveryKind())
            set(Int.random(in: EveryKind.members.indices, using: &random), of: &message, using: &random)
        }
    }

    private func set(_ index: Int, of message: inout EveryKind, using random: inout SeededGenerator) {
        let member = EveryKind.members[index]
        let count = Int.random(in: 0...140, using: &random)
        switch member.type {
        case .int32, .sint32:
            let numbers = (0..<count).map { _ in random.pick([-1, 0, .min, 5] as [Int32]) }
            member.isRepeated ? message.content.set(index, numbers) : message.content.set(index, numbers.first)
        case .int64, .sint64:
            let numbers = (0..<count).map { _ in random.pick([-1, 0, .min, 5] as [Int64]) }
            member.isRepeated ? message.content.set(index, numbers) : message.content.set(index, numbers.first)
        case .uint32:
            let numbers = [UInt32](repeating: .max, count: count)
            member.isRepeated ? message.content.set(index, numbers) : message.content.set(index, numbers.first)
        case .uint64:
            let numbers = [UInt64](repeating: .max, count: count)
            member.isRepeated ? message.content.set(index, numbers) : message.content.set(index, numbers.first)
        case .bool:
            let values = [Bool](repeating: true, count: count)
            member.isRepeated ? message.content.set(index, values) : message.content.set(index, values.first)
        case .sfixed32, .fixed32, .float:
            let numbers = [Float](repeating: -1, count: count)
            member.isRepeated ? message.content.set(index, numbers) : message.content.set(index, numbers.first)
        case .sfixed64, .fixed64, .double:
            let numbers = [Double](repeating: -1, count: count)
            member.isRepeated ? message.content.set(index, numbers) : message.content.set(index, numbers.first)
        case .enumeration:
            let values = (0..<count).map { _ in random.pick(EveryKind.Sign.allCases) }
            member.isRepeated ? message.content.set(index, values) : message.content.set(index, values.first)
        case .bytes:
            let text = String(repeating: "x", count: count)
            member.isRepeated ? message.content.set(index, ["", text, "y"]) : message.content.set(index, text)
        case .message:
            break
        }
    }

    @Test func `the length is exact from just above the limit of the bound on`() throws {
        for count in stride(from: 4_000, through: 40_000, by: 1_000) {
            var output = ConsoleOutput()
            output.data = [UInt8](repeating: 1, count: count)
            let bytes = try check(output)
            let encoding = try output.encoding()
            #expect(encoding.byteCountMax >= bytes.count)
            #expect(encoding.byteCountMax <= max(MessageEncoding.boundedByteCountMax, bytes.count))
        }
    }

    @Test func `a message that is often rewritten keeps a bound that fits one frame`() throws {
        var instance = sampleInstance()
        for round in 0..<10_000 {
            instance.displayName = "a name that is written over and over, round \(round)"
        }
        let bytes = try check(instance)
        #expect(try Instance(decoding: bytes) == instance)
    }

    @Test func `a short buffer is enough when the message fits`() throws {
        let encoding = try sampleInstance().encoding()
        var buffer = [UInt8](repeating: 0, count: encoding.byteCount)
        let count = buffer.withUnsafeMutableBytes { encoding.write(into: $0) }
        #expect(try buffer == sampleInstance().encodedBytes())
        #expect(count == buffer.count)
    }
}
