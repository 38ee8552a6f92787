import ComputeMessages
import StatorObjects
import Testing

@Suite struct JSONTests {
    @Test func `every kind of value has one form`() {
        var instance = sampleInstance()
        instance.userData = [1, 2, 3]
        instance.hostId = nil
        instance.flavor?.createdAt = Timestamp(microsecondsSinceEpoch: 0)
        #expect(
            instance.jsonDescription == """
                {"uuid":"00000000-0000-0001-0000-000000000002","display_name":"web-1","vm_state":"active",\
                "task_state":"none","power_state":"running","vcpus":1,\
                "flavor":{"uuid":"00000000-0000-0003-0000-000000000004","name":"small","vcpus":1,\
                "description":"one core","created_at":"1970-01-01T00:00:00Z"},\
                "network_interfaces":[{"mac_address":"52:54:00:12:34:56","model":"virtio-net-pci",\
                "ip_address":"10.0.2.15"}],"block_devices":[{"device_name":"vda","boot_index":0},{}],\
                "created_at":"2023-11-14T22:13:20.000001Z","generation":"18446744073709551615",\
                "user_data":"[masked]"}
                """)
    }

    @Test(arguments: [
        ("a\"b\\c", #""a\"b\\c""#), ("\n\r\t", #""\n\r\t""#),
        ("\u{0}\u{1F}\u{7F}\u{9B}", #""\u0000\u001f\u007f\u009b""#),
        ("日🦉", #""日🦉""#),
        // What turns the direction of text or ends a line, a terminal obeys as well.
        ("\u{202E}\u{2066}\u{2028}", #""\u202e\u2066\u2028""#),
    ])
    func `text is escaped`(text: String, json: String) {
        var fault = Fault()
        fault.message = text
        #expect(fault.jsonDescription == #"{"message":"# + json + "}")
    }

    @Test(arguments: [
        ([], ""), ([0], "AA=="), ([0, 1], "AAE="), ([0, 1, 2], "AAEC"), ([0xFF, 0xFE, 0xFD, 0xFC], "//79/A=="),
    ])
    func `bytes are in base64`(bytes: [UInt8], text: String) {
        var output = ConsoleOutput()
        output.data = bytes
        #expect(output.jsonDescription == #"{"data":"\#(text)"}"#)
    }

    @Test func `a description names the type and masks what is sensitive`() {
        var request = CreateServerRequest()
        request.name = "web"
        request.description = "public"
        request.userData = Array("secret".utf8)
        #expect("\(request)" == #"CreateServerRequest {"name":"web","description":"public","user_data":"[masked]"}"#)
    }
}
