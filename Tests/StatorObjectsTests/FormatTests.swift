import ComputeMessages
import StatorObjects
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
}
