import ComputeMessages
import ComputeObjects
import StatorObjects
import Testing

@Suite struct ShownAnswerTests {
    private static let older = ComputeManifest.releases.first { $0.release == "0.1" }?.manifest

    private var instance: Instance {
        var instance = Instance()
        instance.displayName = "web"
        instance.cpuModel = "Nehalem"
        instance.vmState = .paused
        return instance
    }

    @Test func `a reader of an older release is shown all but what it has no field for`() throws {
        let older = try #require(Self.older)
        #expect(throws: ObjectError.self) { try instance.encodedBytes(for: older) }
        let shown = instance.readable(with: older)
        #expect(shown.cpuModel == nil)
        #expect(shown.displayName == "web")
        let read = try Instance(decoding: try shown.encodedBytes(for: older), from: older)
        #expect(read.vmState == .active)
    }

    @Test func `a reader of this release is shown everything`() {
        #expect(instance.readable(with: ComputeManifest.current) == instance)
    }
}
