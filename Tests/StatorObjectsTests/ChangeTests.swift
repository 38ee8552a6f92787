import ComputeMessages
import StatorObjects
import Testing

@Suite struct ChangeTests {
    @Test func `setting an equal value changes nothing`() {
        var instance = sampleInstance()
        instance.clearChanges()
        let fields = instance
        instance.displayName = fields.displayName
        instance.vmState = fields.vmState
        instance.flavor = fields.flavor
        instance.networkInterfaces = fields.networkInterfaces
        instance.uuid = fields.uuid
        instance.generation = fields.generation
        instance.host = nil
        instance.fault = nil
        #expect(instance.changedFields.isEmpty)
    }

    @Test func `setting another value, and unsetting, is a change`() {
        var instance = sampleInstance()
        instance.clearChanges()
        instance.displayName = "web-2"
        instance.vcpus = nil
        instance.host = "host1"
        #expect(instance.changedFields == ["display_name", "vcpus", "host"])
    }

    @Test func `a change inside a nested message or a list counts`() {
        var instance = sampleInstance()
        instance.clearChanges()
        instance.flavor?.vcpus = 2
        instance.blockDevices[0].sizeGb = 10
        #expect(instance.changedFields == ["flavor", "block_devices"])
        instance.clearChanges()
        instance.flavor?.vcpus = 2
        instance.blockDevices[0].sizeGb = 10
        #expect(instance.changedFields.isEmpty)
    }

    @Test func `only changes, and what is to be kept, go into an update`() {
        var instance = sampleInstance()
        instance.clearChanges()
        instance.powerState = .shutdown
        instance.vcpus = nil
        let update = instance.onlyChanges(keeping: ["uuid", "no_such_field"])
        #expect(update.setFields == ["uuid", "power_state"])
        #expect(update.changedFields == ["power_state", "vcpus"])
        #expect(update.uuid == instance.uuid)
    }

    @Test func `a decoded message has no changes`() throws {
        let decoded = try Instance(decoding: sampleInstance().encodedBytes())
        #expect(decoded.changedFields.isEmpty)
        #expect(decoded.setFields == sampleInstance().setFields)
    }

    @Test func `clearing the changes of a copy leaves those of the original`() {
        let original = sampleInstance()
        var copy = original
        copy.clearChanges()
        #expect(copy.changedFields.isEmpty)
        #expect(original.changedFields.isEmpty == false)
    }
}
