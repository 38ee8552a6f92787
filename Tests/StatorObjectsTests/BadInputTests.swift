import ComputeMessages
import StatorObjects
import TestSupport
import Testing

@Suite struct BadInputTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let code: ObjectError.Code
        var object = "stator.v1.Instance"
        var field: String?
    }

    static func sample(_ fill: (inout WireSample) -> Void) -> [UInt8] {
        var sample = WireSample()
        fill(&sample)
        return sample.bytes
    }

    static let cases: [Case] = [
        Case(testDescription: "a tag without a value", bytes: [0x38], code: .malformed),
        Case(
            testDescription: "a varint that does not end", bytes: [0x38] + [UInt8](repeating: 0xFF, count: 11),
            code: .malformed),
        Case(testDescription: "a length beyond the end", bytes: [0x1A, 0x05, 0x61], code: .malformed),
        Case(testDescription: "a length of 2^31", bytes: [0x1A, 0x80, 0x80, 0x80, 0x80, 0x08], code: .malformed),
        Case(
            testDescription: "a length of 2^35 - 1", bytes: [0x1A, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0x61], code: .malformed
        ),
        Case(testDescription: "a group", bytes: [0x0B, 0x0C], code: .malformed),
        Case(testDescription: "field number 0", bytes: [0x00, 0x00], code: .malformed),
        Case(testDescription: "field number 0 in two bytes", bytes: [0x80, 0x00, 0x01], code: .malformed),
        Case(
            testDescription: "field number 0 in a nested message", bytes: [0x52, 0x03, 0x80, 0x00, 0x01],
            code: .malformed, object: "stator.v1.Flavor"),
        Case(testDescription: "a nested message cut short", bytes: [0x52, 0x02, 0x12, 0x05], code: .malformed),
        Case(
            testDescription: "a UUID of 15 bytes", bytes: sample { $0.field(1, bytes: .init(repeating: 1, count: 15)) },
            code: .invalidValue, field: "uuid"),
        Case(
            testDescription: "an empty UUID", bytes: sample { $0.field(1, bytes: []) }, code: .invalidValue,
            field: "uuid"),
        Case(
            testDescription: "an empty name", bytes: sample { $0.field(3, bytes: []) }, code: .invalidValue,
            field: "display_name"),
        Case(
            testDescription: "a NUL in a name", bytes: sample { $0.field(3, bytes: [0x61, 0, 0x62]) },
            code: .invalidValue, field: "display_name"),
        Case(
            testDescription: "a C1 control character in a name", bytes: sample { $0.field(3, bytes: [0xC2, 0x85]) },
            code: .invalidValue, field: "display_name"),
        Case(
            testDescription: "a name of 256 characters",
            bytes: sample { $0.field(3, bytes: .init(repeating: 0x61, count: 256)) }, code: .invalidValue,
            field: "display_name"),
        Case(
            testDescription: "a string that is not UTF-8", bytes: sample { $0.field(22, bytes: [0x61, 0xFF]) },
            code: .invalidValue, field: "display_description"),
        Case(
            testDescription: "a surrogate in UTF-8", bytes: sample { $0.field(22, bytes: [0xED, 0xA0, 0x80]) },
            code: .invalidValue, field: "display_description"),
        Case(
            testDescription: "an overlong form in UTF-8", bytes: sample { $0.field(22, bytes: [0xC0, 0xAF]) },
            code: .invalidValue, field: "display_description"),
        Case(
            testDescription: "a string of 1,025 bytes where 1,024 are allowed",
            bytes: sample { $0.field(22, bytes: .init(repeating: 0x61, count: 1_025)) }, code: .tooLong,
            field: "display_description"),
        Case(
            testDescription: "17 network interfaces",
            bytes: sample { sample in for _ in 0..<17 { sample.field(12, bytes: []) } }, code: .tooLong,
            field: "network_interfaces"),
        Case(
            testDescription: "a vm_state that nobody knows", bytes: sample { $0.field(4, varint: 99) },
            code: .unknownEnumValue, field: "vm_state"),
        Case(
            testDescription: "a negative task_state", bytes: sample { $0.field(5, varint: .max) },
            code: .unknownEnumValue, field: "task_state"),
        Case(
            testDescription: "a fault of the nested object",
            bytes: sample { $0.field(12, bytes: sample { $0.field(2, bytes: Array("52-54-00-12-34-56".utf8)) }) },
            code: .invalidValue, object: "stator.v1.NetworkInterface", field: "mac_address"),
        Case(
            testDescription: "an address that is none",
            bytes: sample { $0.field(12, bytes: sample { $0.field(4, bytes: Array("10.0.2.256".utf8)) }) },
            code: .invalidValue, object: "stator.v1.NetworkInterface", field: "ip_address"),
        Case(
            testDescription: "more than 4 MiB", bytes: .init(repeating: 0, count: (4 << 20) + 1), code: .tooLong),
    ]

    @Test(arguments: cases) func `is refused with the object and the field`(_ test: Case) throws {
        let error = try #require(throws: ObjectError.self) { try Instance(decoding: test.bytes) }
        #expect(error.code == test.code)
        #expect(error.object == test.object)
        #expect(error.field == test.field)
        #expect(error.message.hasPrefix(error.field == nil ? "" : "\(error.object).\(error.field ?? "")"))
    }

    @Test func `many empty elements do not take memory without end`() throws {
        let bytes = [UInt8](repeating: 0, count: 1 << 20).indices.map { UInt8($0 % 2 == 0 ? 0x0A : 0x00) }
        let error = try #require(throws: ObjectError.self) { try ListHostsResponse(decoding: bytes) }
        #expect(error.code == .tooLong)
    }

    @Test func `the nested message that comes again and again does not take memory without end`() throws {
        let element = Self.sample { $0.field(10, bytes: [0x0A, 0x00]) }
        let bytes = [UInt8]((0..<100_000).map { _ in element }.joined())
        let error = try #require(throws: ObjectError.self) { try Instance(decoding: bytes) }
        #expect([.tooLong, .invalidValue].contains(error.code))
    }

    @Test func `a value that does not fit is refused when it is encoded`() throws {
        var instance = Instance()
        instance.displayName = "line\nbreak"
        let error = try #require(throws: ObjectError.self) { try instance.encodedBytes() }
        #expect(error.field == "display_name")
        #expect(
            error.description
                == "stator.v1.Instance.display_name is not a name of 1 to 255 characters without control characters.")
        #expect(throws: ObjectError.self) { try instance.validate() }
        instance.displayName = "line break"
        try instance.validate()
    }

    @Test func `an error does not repeat the value`() throws {
        var request = CreateServerRequest()
        request.userData = Array("secret".utf8) + [UInt8](repeating: 0, count: 70_000)
        let error = try #require(throws: ObjectError.self) { try request.encodedBytes() }
        #expect(error.code == .tooLong)
        #expect(error.message.contains("secret") == false)
    }

    @Test(arguments: 0..<8) func `bytes changed at random are decoded or refused, never more`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var decodedCount = 0
        for round in 0..<4_000 {
            let type = messageTypes[round % messageTypes.count]
            var bytes = WireSample(of: type.schema, using: &random).bytes
            guard !bytes.isEmpty else { continue }
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                mutate(&bytes, using: &random)
            }
            guard let message = try? type.init(decoding: bytes) else { continue }
            decodedCount += 1
            let again = try message.encodedBytes()
            #expect(try type.init(decoding: again).encodedBytes() == again)
            #expect(message.jsonDescription.hasPrefix("{"))
        }
        #expect(decodedCount > 100)
    }

    private func mutate(_ bytes: inout [UInt8], using random: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        let index = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[index] = UInt8.random(in: .min ... .max, using: &random)
        case 1: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.removeSubrange(index...)
        case 3: bytes.insert(UInt8.random(in: .min ... .max, using: &random), at: index)
        default:
            let other = Int.random(in: bytes.indices, using: &random)
            bytes.insert(contentsOf: bytes[min(index, other)...max(index, other)].prefix(64), at: index)
        }
    }
}
