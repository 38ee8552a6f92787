import StubGenerator
import Testing

@Suite struct NameTests {
    @Test(arguments: [("uuid", "uuid"), ("display_name", "displayName"), ("memory_mb_used", "memoryMbUsed")])
    func `a property`(name: String, swift: String) {
        #expect(SwiftNames.property(name) == swift)
    }

    @Test(arguments: [("CreateServer", "createServer"), ("VMStart", "vmStart"), ("Report", "report"), ("URL", "url")])
    func `a function`(name: String, swift: String) {
        #expect(SwiftNames.function(name) == swift)
    }

    @Test(arguments: [
        ("VM_STATE_ACTIVE", "VMState", "ACTIVE"), ("TASK_STATE_POWERING_OFF", "TaskState", "POWERING_OFF"),
        ("OTHER", "TaskState", "OTHER"), ("LEVEL_1", "Level", "LEVEL_1"),
    ])
    func `an enumeration's value`(value: String, enumeration: String, rest: String) {
        #expect(SwiftNames.enumValue(value, of: enumeration) == rest)
    }

    @Test(arguments: [
        ("stator.v1.VMState", "stator__v1__vmstate"), ("stator.v1.NetworkInterface", "stator__v1__network_interface"),
    ])
    func `protobuf-c's name`(name: String, c: String) {
        #expect(SwiftNames.cName(name) == c)
    }

    @Test func `a method's number is the FNV-1a hash of its path`() {
        #expect(methodIdentifier(service: "", method: "") == 0xaf63_a24c_8601_89fe)
        #expect(methodIdentifier(service: "stator.v1.HostControl", method: "Execute") == 0x0be5_c03a_4e54_6450)
    }
}
