import ComputeMessages
import StatorObjects
import TestSupport
import Testing

@Suite struct CodingTests {
    @Test(arguments: 0..<messageTypes.count) func `every message comes back byte for byte`(index: Int) throws {
        for seed in 0..<20 {
            if messageTypes[index].schema.fields.isEmpty { continue }
            var random = SeededGenerator(seed: UInt64(seed))
            let type = messageTypes[index]
            let bytes = WireSample(of: type.schema, using: &random).bytes
            let message = try type.init(decoding: bytes)
            #expect(message.setFields == type.schema.fields.filter { $0.until == nil }.map(\.name))
            #expect(try message.encodedBytes() == bytes)
        }
    }

    @Test func `fields unknown to this build are kept and written back`() throws {
        var sample = WireSample()
        sample.field(2, bytes: Array("small".utf8))
        sample.field(9_999, varint: 7)
        sample.field(10_000, bytes: [1, 0, 2])
        var flavor = try Flavor(decoding: sample.bytes)
        let copy = flavor
        flavor.name = "large"
        #expect(try copy.encodedBytes() == sample.bytes)
        var expected = WireSample()
        expected.field(2, bytes: Array("large".utf8))
        expected.field(9_999, varint: 7)
        expected.field(10_000, bytes: [1, 0, 2])
        #expect(try flavor.encodedBytes() == expected.bytes)
        var without = Flavor()
        without.name = "small"
        #expect(copy != without)
    }

    @Test func `unknown fields of a nested message survive being set elsewhere`() throws {
        var nested = WireSample()
        nested.field(2, bytes: Array("small".utf8))
        nested.field(500, varint: 1)
        var instance = Instance()
        instance.flavor = try Flavor(decoding: nested.bytes)
        var expected = WireSample()
        expected.field(10, bytes: nested.bytes)
        #expect(try instance.encodedBytes() == expected.bytes)
    }

    @Test func `a NUL inside a string is part of it`() throws {
        var fault = Fault()
        fault.message = "a\0b"
        let decoded = try Fault(decoding: fault.encodedBytes())
        #expect(decoded.message == "a\0b")
        #expect(try decoded.encodedBytes().count == 5)
    }

    @Test func `the last of a single field that comes twice counts`() throws {
        var sample = WireSample()
        sample.field(2, bytes: Array("small".utf8))
        sample.field(2, bytes: Array("large".utf8))
        #expect(try Flavor(decoding: sample.bytes).name == "large")
    }

    @Test func `an encoding is written to the front of a longer buffer`() throws {
        let encoding = try sampleInstance().encoding()
        var buffer = [UInt8](repeating: 0xAA, count: encoding.byteCountMax + 3)
        let count = buffer.withUnsafeMutableBytes { encoding.write(into: $0) }
        #expect(count == encoding.byteCount)
        #expect(Array(buffer.prefix(count)) == (try sampleInstance().encodedBytes()))
        #expect(buffer.dropFirst(count).allSatisfy { $0 == 0xAA })
    }

    @Test func `an empty message has no bytes`() throws {
        #expect(try ListHostsRequest().encodedBytes() == [])
        #expect(try ListHostsRequest(decoding: []) == ListHostsRequest())
    }
}
