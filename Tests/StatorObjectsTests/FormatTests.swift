import ComputeMessages
import Glibc
import StatorObjects
import TestSupport
import Testing

@Suite struct FormatTests {
    private func accepts(ipAddress: String) -> Bool {
        var value = NetworkInterface()
        value.ipAddress = ipAddress
        return (try? value.validate()) != nil
    }

    @Test(arguments: [
        "0.0.0.0", "255.255.255.255", "::", "::1", "1::", "2001:db8::1", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1",
        "1:2:3:4:5:6:192.0.2.1", "fe80::1:2:3:4:5:6", "ABCD:EF01:2345:6789:abcd:ef01:2345:6789",
    ])
    func `an IP address is accepted`(text: String) {
        #expect(accepts(ipAddress: text))
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "1.2.3.04", "1.2.3.256", "1.2.3.", "1.2.3.-4", "1.2.3.4 ", ":", ":::",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9", "1::2::3", "1:2:3:4:5:6:7::8", "12345::", "g::", "1:", ":1", "::1.2.3", "1.2.3.4::",
        "fe80::1%eth0", "::1/64", "::\u{0}",
    ])
    func `an IP address is refused`(text: String) {
        #expect(accepts(ipAddress: text) == false)
    }

    @Test(arguments: [
        ("52:54:00:12:34:56", true), ("AA:bb:CC:dd:EE:ff", true), ("52:54:00:12:34", false),
        ("52:54:00:12:34:5g", false), ("52:54:00:12:34:567", false), ("525400123456", false),
        ("52:54:00:12:34-56", false),
    ])
    func `a MAC address`(text: String, isAccepted: Bool) {
        var value = NetworkInterface()
        value.macAddress = text
        #expect(((try? value.validate()) != nil) == isAccepted)
    }

    @Test func `a name counts characters, not bytes`() throws {
        var flavor = Flavor()
        flavor.name = String(repeating: "日", count: 255)
        try flavor.validate()
        flavor.name = String(repeating: "日", count: 256)
        #expect(throws: ObjectError.self) { try flavor.validate() }
    }

    @Test func `what is an IP address agrees with the system's`() {
        var random = SeededGenerator(seed: 1)
        let parts = ["0", "1", "9", "10", "255", "256", "ffff", "AbC", "12345", ".", ":", "::", "g", "00", "01"]
        var acceptedCount = 0
        for _ in 0..<40_000 {
            let count = Int.random(in: 1...15, using: &random)
            var text = ""
            for position in 0..<count {
                // Mostly parts and separators in turn, so that some are right.
                let choices = position % 2 == 0 ? parts.indices : 9..<12
                text += parts[Int.random(in: choices, using: &random)]
            }
            var address = (UInt64(0), UInt64(0))
            let isRight = inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1
            if isRight { acceptedCount += 1 }
            if accepts(ipAddress: text) != isRight { Issue.record("\(text)") }
        }
        #expect(acceptedCount > 100)
    }

    @Test func `a byte that is changed anywhere in a MAC address or a name is judged by itself`() {
        for position in 0..<17 {
            for byte in UInt8.min...127 {
                var bytes = Array("52:54:00:aB:CD:ef".utf8)
                bytes[position] = byte
                var value = NetworkInterface()
                value.macAddress = String(decoding: bytes, as: UTF8.self)
                let character = Character(UnicodeScalar(byte))
                let isRight = position % 3 == 2 ? character == ":" : character.isHexDigit
                #expect(((try? value.validate()) != nil) == isRight)
            }
        }
        for count in 1...40 {
            for position in 0..<count {
                for byte: UInt8 in [0, 0x1F, 0x20, 0x7E, 0x7F] {
                    var bytes = [UInt8](repeating: UInt8(ascii: "n"), count: count)
                    bytes[position] = byte
                    var value = NetworkInterface()
                    value.model = String(decoding: bytes, as: UTF8.self)
                    #expect(((try? value.validate()) != nil) == (byte >= 0x20 && byte < 0x7F))
                }
            }
        }
    }

    @Test func `text that is not ASCII is found at any place of any length`() {
        for count in 1...40 {
            for position in 0..<count {
                var bytes = [UInt8](repeating: UInt8(ascii: "t"), count: count)
                bytes[position] = 0xFF
                var sample = WireSample()
                sample.field(2, bytes: bytes)
                #expect(throws: ObjectError.self) { try Fault(decoding: sample.bytes) }
                bytes.replaceSubrange(position...position, with: Array("ß".utf8))
                var right = WireSample()
                right.field(2, bytes: bytes)
                #expect(throws: Never.self) { try Fault(decoding: right.bytes) }
            }
        }
    }
}
