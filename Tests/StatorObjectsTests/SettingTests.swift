import ComputeMessages
import StatorObjects
import Testing

@Suite struct SettingTests {
    @Test func `a value that fits is set, and is a change`() throws {
        var instance = sampleInstance()
        instance.clearChanges()
        try instance.set(\.displayName, to: "web-2")
        try instance.set(\.networkInterfaces[0].macAddress, to: "52:54:00:aa:bb:cc")
        try instance.set(\.vcpus, to: nil)
        #expect(instance.displayName == "web-2")
        #expect(instance.networkInterfaces[0].macAddress == "52:54:00:aa:bb:cc")
        #expect(instance.vcpus == nil)
        #expect(instance.changedFields == ["display_name", "vcpus", "network_interfaces"])
        try instance.validate()
    }

    @Test func `setting an equal value changes nothing`() throws {
        var instance = sampleInstance()
        instance.clearChanges()
        try instance.set(\.displayName, to: "web-1")
        #expect(instance.changedFields.isEmpty)
        instance.vcpus = 7
        try instance.set(\.displayName, to: "web-1")
        #expect(instance.changedFields == ["vcpus"])
    }

    @Test func `a value that does not fit is refused where it is set, and the old one stays`() throws {
        var instance = sampleInstance()
        instance.clearChanges()
        instance.host = "host1"
        let before = instance
        let error = try #require(throws: ObjectError.self) { try instance.set(\.displayName, to: "line\nbreak") }
        #expect(error.code == .invalidValue)
        #expect(error.object == "stator.v1.Instance")
        #expect(error.field == "display_name")
        #expect(error.value == #""line\nbreak""#)
        #expect(
            error.message == "stator.v1.Instance.display_name is not a name of 1 to 255 characters without control "
                + #"characters: "line\nbreak"."#)
        #expect(instance == before)
        #expect(instance.changedFields == ["host"])
    }

    @Test func `a bad value in a nested object is named as that object's`() throws {
        var instance = sampleInstance()
        let error = try #require(throws: ObjectError.self) {
            try instance.set(\.networkInterfaces[0].macAddress, to: "52-54-00-12-34-56")
        }
        #expect(error.object == "stator.v1.NetworkInterface")
        #expect(error.field == "mac_address")
        #expect(error.value == #""52-54-00-12-34-56""#)
        #expect(instance == sampleInstance())
        var other = NetworkInterface()
        other.ipAddress = "10.0.0.256"
        let second = try #require(throws: ObjectError.self) {
            try instance.set(\.networkInterfaces, to: [NetworkInterface(), other])
        }
        #expect(second.value == #""10.0.0.256""#)
    }

    @Test func `a sensitive value is masked, a long one shortened`() throws {
        var crate = Crate()
        let error = try #require(throws: ObjectError.self) { try crate.set(\.password, to: "much too long") }
        #expect(error.code == .tooLong)
        #expect(error.value == "[masked]")
        #expect(error.message == "test.Crate.password has 13 bytes; at most 10: [masked].")
        let long = String(repeating: "x", count: 101)
        let second = try #require(throws: ObjectError.self) { try crate.set(\.comment, to: long) }
        #expect(second.value == "\"" + String(repeating: "x", count: 79) + "… (103 bytes)")
        #expect(crate == Crate())
    }

    @Test func `bytes, lists and maps are checked too`() throws {
        var crate = Crate()
        let lists = try #require(throws: ObjectError.self) { try crate.set(\.weights, to: [1, 2, 3, 4, 5]) }
        #expect(lists.message == "test.Crate.weights has 5 elements; at most 4: [\"1\",\"2\",\"3\",\"4\",\"5\"].")
        let key = String(repeating: "k", count: 256)
        let maps = try #require(throws: ObjectError.self) { try crate.set(\.labels, to: [key: ""]) }
        #expect(maps.message.hasPrefix("test.Crate.labels has a key that has 256 bytes; at most 255: {\"kkkk"))
        #expect(throws: ObjectError.self) { try crate.set(\.labels["a"], to: String(repeating: "v", count: 17)) }
        #expect(crate == Crate())
        try crate.set(\.labels["a"], to: "b")
        #expect(crate.labels == ["a": "b"])
    }

    @Test func `what another field has is not checked`() throws {
        var instance = Instance()
        instance.displayName = ""
        try instance.set(\.host, to: "host1")
        #expect(instance.host == "host1")
        #expect(throws: ObjectError.self) { try instance.validate() }
    }
}
