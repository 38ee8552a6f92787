import ComputeMessages
import StatorObjects
import Testing

@Suite struct FieldTests {
    @Test func `a new message has nothing set`() {
        for type in messageTypes {
            let message = type.init()
            #expect(message.setFields.isEmpty)
            #expect(message.changedFields.isEmpty)
        }
    }

    @Test func `what is set is read back and unset by nil`() {
        var host = Host()
        host.uuid = ObjectID(high: 1, low: 2)
        host.name = "host1"
        host.vcpus = 0
        host.disabled = false
        host.lastSeenUp = Timestamp(microsecondsSinceEpoch: -1)
        host.generation = .max
        #expect(host.uuid == ObjectID(high: 1, low: 2))
        #expect(host.name == "host1")
        #expect(host.vcpus == 0)
        #expect(host.disabled == false)
        #expect(host.lastSeenUp == Timestamp(microsecondsSinceEpoch: -1))
        #expect(host.generation == .max)
        #expect(host.setFields == ["uuid", "name", "vcpus", "disabled", "last_seen_up", "generation"])
        host.uuid = nil
        host.name = nil
        host.vcpus = nil
        host.disabled = nil
        host.lastSeenUp = nil
        host.generation = nil
        #expect(host == Host())
        #expect(host.isSet("name") == false)
    }

    @Test func `an empty string and empty bytes are set, an empty list is not`() {
        var instance = Instance()
        instance.displayDescription = ""
        instance.userData = []
        instance.blockDevices = []
        #expect(instance.setFields == ["display_description", "user_data"])
        #expect(instance.displayDescription == "")
        #expect(instance.userData == [])
    }

    @Test func `enumerations are read as their cases and described as their texts`() {
        var instance = Instance()
        instance.taskState = .poweringOff
        #expect(instance.taskState == .poweringOff)
        #expect(instance.taskState?.description == "powering_off")
        #expect(TaskState(text: "powering_off") == .poweringOff)
        #expect(TaskState(text: "unknown") == nil)
        #expect(PowerState(rawValue: 2) == nil)
        #expect(PowerState.allCases.map(\.rawValue) == [0, 1, 3, 4, 6, 7])
    }

    @Test func `nested messages and lists are read back`() {
        let instance = sampleInstance()
        #expect(instance.flavor?.name == "small")
        #expect(instance.flavor?.description == "one core")
        #expect(instance.networkInterfaces.map(\.ipAddress) == ["10.0.2.15"])
        #expect(instance.blockDevices.map(\.bootIndex) == [0, nil])
        var request = GetHostInstancesRequest()
        request.uuids = [ObjectID(high: 0, low: 1), ObjectID(high: .max, low: .max)]
        #expect(request.uuids == [ObjectID(high: 0, low: 1), ObjectID(high: .max, low: .max)])
    }

    @Test func `equality sees every field and ignores changes`() {
        let instance = sampleInstance()
        var other = sampleInstance()
        #expect(instance == other)
        other.clearChanges()
        #expect(instance == other)
        other.blockDevices[1].sizeGb = 1
        #expect(instance != other)
        other.blockDevices[1].sizeGb = nil
        #expect(instance == other)
        other.flavor = nil
        #expect(instance != other)
    }

    @Test func `a message is written many times without keeping all that it was`() {
        var fault = Fault()
        for round in 0..<20_000 {
            fault.details = String(repeating: "x", count: 1_000) + "\(round)"
        }
        #expect(fault.details?.hasSuffix("x19999") == true)
        #expect(fault.setFields == ["details"])
    }
}
