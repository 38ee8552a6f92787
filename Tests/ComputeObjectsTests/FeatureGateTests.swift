import ComputeMessages
import ComputeObjects
import StatorObjects
import StatorRPC
import Testing

@Suite("Feature gates")
struct FeatureGateTests {
    private let gate = FeatureGate(name: "pause", description: "Servers can be paused.", serviceVersion: 2)

    private func service(_ binary: String, _ name: String, version: UInt32?, up: Bool = true) -> Service {
        var service = Service()
        service.binary = binary
        service.name = name
        service.release = "0.\(version ?? 0).0"
        service.version = version
        service.up = up
        return service
    }

    @Test func `a gate is open when nobody is too old`() {
        let fleet = Fleet([service("stator-conductor", "c1", version: 2), service("stator-api", "a1", version: 3)])
        #expect(gate.decision(for: fleet) == .open)
        #expect(fleet.serviceVersion == 2)
    }

    @Test func `those that hold a gate down are named by binary and name, in order`() {
        let c1 = service("stator-conductor", "c1", version: 1)
        let h2 = service("stator-compute", "h2", version: 1)
        let h1 = service("stator-compute", "h1", version: nil)
        let fleet = Fleet([c1, h2, service("stator-api", "a1", version: 2), h1])
        #expect(gate.decision(for: fleet) == .closed(heldBy: [h1, h2, c1]))
        #expect(fleet.serviceVersion == 0)
    }

    @Test func `a service that may be restarting counts`() {
        let restarting = service("stator-compute", "h1", version: 1, up: false)
        let fleet = Fleet([service("stator-conductor", "c1", version: 2), restarting])
        #expect(gate.decision(for: fleet) == .closed(heldBy: [restarting]))
        #expect(fleet.serviceVersion == 1)
    }

    @Test func `nobody holds nothing and can nothing`() {
        #expect(Fleet([]).serviceVersion == nil)
        #expect(gate.decision(for: Fleet([])) == .open)
    }

    @Test func `the refusal names the gate, the version and who holds it, at most five of them`() {
        let one = [service("stator-compute", "h1", version: 1)]
        #expect(
            gate.refusal(heldBy: one)
                == "pause needs service version 2 everywhere and is held down by stator-compute 'h1' (release 0.1.0, "
                + "service version 1); it opens by itself when they are upgraded or gone")
        let many = (1...7).map { service("stator-compute", "h\($0)", version: 1) }
        #expect(gate.refusal(heldBy: many).contains("'h5' (release 0.1.0, service version 1) and 2 more;"))
        #expect(!gate.refusal(heldBy: many).contains("'h6'"))
    }

    @Test func `names of gates are unique and no gate is for a later release`() {
        #expect(Set(FeatureGate.all.map(\.name)).count == FeatureGate.all.count)
        #expect(FeatureGate.all.allSatisfy { $0.serviceVersion <= Release.serviceVersion })
    }

    @Test func `this release works with itself and with no newer one`() {
        #expect(Release.oldestServiceVersion <= Release.serviceVersion)
        #expect(localEndpoint().oldestServiceVersion == Release.oldestServiceVersion)
    }
}
