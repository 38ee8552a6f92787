import ComputeMessages
import StatorObjects
import TestSupport
import Testing

@Suite struct FieldMaskTests {
    @Test(arguments: [
        ("", ""),
        ("display_name", "display_name"),
        ("host,display_name", "display_name,host"),
        ("flavor.name", "flavor.name"),
        ("network_interfaces.model,flavor.vcpus,flavor.name", "flavor.name,flavor.vcpus,network_interfaces.model"),
        ("flavor.name,flavor", "flavor"),
        ("flavor,flavor.name,flavor", "flavor"),
    ])
    func `a mask has one text, by field number`(text: String, canonical: String) throws {
        let mask = try FieldMask<Instance>(text)
        #expect(mask.description == canonical)
        #expect(try FieldMask<Instance>(canonical) == mask)
        #expect(try FieldMask<Instance>(paths: text.isEmpty ? [] : text.split(separator: ",").map(String.init)) == mask)
        #expect(mask.isEmpty == text.isEmpty)
    }

    @Test(
        arguments: [
            ("colour", "stator.v1.Instance", "colour"),
            ("flavor.colour", "stator.v1.Flavor", "colour"),
            ("flavor,flavor.colour", "stator.v1.Flavor", "colour"),
            ("host.name", "stator.v1.Instance", "host"),
            ("network_interfaces.mac_address.x", "stator.v1.NetworkInterface", "mac_address"),
            (" host", "stator.v1.Instance", " host"),
            ("host,", "stator.v1.Instance", nil),
            ("flavor.", "stator.v1.Flavor", nil),
            (".", "stator.v1.Instance", nil),
        ] as [(String, String, String?)])
    func `what the object lacks is refused by name`(text: String, object: String, field: String?) throws {
        let error = try #require(throws: ObjectError.self) { try FieldMask<Instance>(text) }
        #expect(error.code == .invalidMask)
        #expect(error.object == object)
        #expect(error.field == field)
    }

    @Test func `the sentence names path and part`() throws {
        let error = try #require(throws: ObjectError.self) { try FieldMask<Instance>("flavor.colour") }
        let sentence = #"The field mask's path "flavor.colour" names "colour", which stator.v1.Flavor lacks."#
        #expect(error.message == sentence)
        let map = try #require(throws: ObjectError.self) { try FieldMask<Crate>("parts.name") }
        let other = #"The field mask's path "parts.name" names "name" in test.Crate.parts, which has no fields."#
        #expect(map.message == other)
    }

    @Test func `length, number and depth are bounded`() throws {
        let long = String(repeating: "a", count: 8_193)
        #expect(throws: ObjectError.self) { try FieldMask<Instance>(long) }
        #expect(throws: ObjectError.self) { try FieldMask<Instance>(paths: [long]) }
        #expect(throws: ObjectError.self) { try FieldMask<Instance>(paths: Array(repeating: "host", count: 257)) }
        let deep = Array(repeating: "field_16", count: 33).joined(separator: ".")
        #expect(throws: ObjectError.self) { try FieldMask<EveryKind>(deep) }
    }

    @Test func `what the mask names is kept, and nothing else`() throws {
        var sample = WireSample()
        sample.bytes = try sampleInstance().encodedBytes()
        sample.field(700, varint: 1)
        var instance = try Instance(decoding: sample.bytes)
        instance.displayName = "web-2"
        instance.vcpus = 9
        let original = instance
        instance.keep(try FieldMask("display_name,flavor.name,network_interfaces.mac_address,fault"))
        var expected = Instance()
        expected.displayName = "web-2"
        expected.flavor = Flavor()
        expected.flavor?.name = "small"
        expected.networkInterfaces = [NetworkInterface()]
        expected.networkInterfaces[0].macAddress = "52:54:00:12:34:56"
        #expect(instance == expected)
        #expect(instance.changedFields == ["display_name"])
        #expect(original.vcpus == 9)
        instance.keep(FieldMask())
        #expect(instance == Instance())
    }

    @Test func `merging takes the named fields, also where they are unset`() throws {
        var instance = sampleInstance()
        instance.clearChanges()
        var update = Instance()
        update.displayName = "web-2"
        update.host = "host1"
        update.flavor = Flavor()
        update.flavor?.name = "large"
        update.blockDevices = []
        try instance.merge(
            from: update,
            mask: FieldMask("display_name,vcpus,flavor.name,flavor.description,block_devices,fault.message"))
        var expected = sampleInstance()
        expected.displayName = "web-2"
        expected.vcpus = nil
        expected.flavor?.name = "large"
        expected.flavor?.description = nil
        expected.blockDevices = []
        #expect(instance == expected)
        #expect(instance.changedFields == ["display_name", "vcpus", "flavor", "block_devices"])
        instance.clearChanges()
        try instance.merge(from: update, mask: FieldMask("display_name,flavor.name"))
        #expect(instance.changedFields.isEmpty)
    }

    @Test func `merging makes a nested object where there is none`() throws {
        var instance = Instance()
        try instance.merge(from: sampleInstance(), mask: FieldMask("flavor.name,network_interfaces"))
        #expect(instance.flavor?.setFields == ["name"])
        #expect(instance.networkInterfaces == sampleInstance().networkInterfaces)
        try instance.merge(from: Instance(), mask: FieldMask("flavor.name"))
        #expect(instance.flavor == Flavor())
    }

    @Test func `merging into the elements of a list is refused, and nothing is merged`() throws {
        var instance = sampleInstance()
        let error = try #require(throws: ObjectError.self) {
            try instance.merge(from: Instance(), mask: FieldMask("host,display_name,network_interfaces.model"))
        }
        #expect(error.field == "network_interfaces")
        #expect(instance == sampleInstance())
    }
}
