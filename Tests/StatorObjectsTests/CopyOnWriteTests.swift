import ComputeMessages
import StatorObjects
import Testing

@Suite struct CopyOnWriteTests {
    @Test func `a copy does not see what is written to the original`() {
        var original = sampleInstance()
        let copy = original
        original.displayName = "changed"
        original.blockDevices = []
        original.flavor?.name = "large"
        #expect(copy == sampleInstance())
        #expect(original.displayName == "changed")
        #expect(original.flavor?.name == "large")
        #expect(copy.changedFields == sampleInstance().changedFields)
    }

    @Test func `a nested message stays what it was when its parent is written or gone`() {
        var instance: Instance? = sampleInstance()
        let flavor = instance?.flavor
        let devices = instance?.blockDevices
        instance?.flavor = nil
        instance?.flavor = Flavor()
        instance?.blockDevices = []
        for round in 0..<100 { instance?.displayName = "name \(round)" }
        instance = nil
        #expect(flavor == sampleInstance().flavor)
        #expect(devices == sampleInstance().blockDevices)
    }

    @Test func `writing a nested message leaves its parent alone until it is set there`() {
        var instance = sampleInstance()
        var flavor = instance.flavor ?? Flavor()
        flavor.name = "large"
        #expect(instance.flavor?.name == "small")
        instance.flavor = flavor
        flavor.name = "huge"
        #expect(instance.flavor?.name == "large")
    }

    @Test func `a list may be set from its own elements`() {
        var instance = sampleInstance()
        instance.blockDevices = instance.blockDevices.reversed() + instance.blockDevices
        #expect(instance.blockDevices.map(\.bootIndex) == [nil, 0, 0, nil])
        #expect(instance.blockDevices[1] == sampleInstance().blockDevices[0])
    }

    @Test func `a nested message of a nested message outlives both`() throws {
        var response: ServerOperationResponse? = ServerOperationResponse()
        response?.instance = sampleInstance()
        let bytes = try response?.encodedBytes() ?? []
        response = try ServerOperationResponse(decoding: bytes)
        let device = response?.instance?.blockDevices.first
        response = nil
        #expect(device?.deviceName == "vda")
    }

    @Test func `copies are written from many tasks at once`() async {
        let original = sampleInstance()
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<64 {
                group.addTask {
                    var copy = original
                    let flavor = copy.flavor
                    copy.displayName = "web-\(number)"
                    copy.flavor?.vcpus = UInt32(number)
                    return copy.displayName == "web-\(number)" && flavor == original.flavor
                        && copy.flavor?.vcpus == UInt32(number)
                }
            }
            for await isRight in group { #expect(isRight) }
        }
        #expect(original == sampleInstance())
    }
}
