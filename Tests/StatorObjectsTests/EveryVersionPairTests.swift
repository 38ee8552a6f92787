import ComputeMessages
import StatorObjects
import TestSupport
import Testing

@Suite struct EveryVersionPairTests {
    @Test func `every object of the manifest is among the types that are tested`() {
        let names = Set(messageTypes.map { $0.schema.name })
        #expect(Set(ComputeManifest.current.versions.keys).subtracting(names).isEmpty)
    }

    @Test(arguments: 0..<messageTypes.count)
    func `what an older version can say survives, the rest goes as declared`(index: Int) throws {
        try checkPairs(messageTypes[index], seed: UInt64(index) * 1_000)
    }

    private func checkPairs<Message: VersionedMessage>(_ type: Message.Type, seed: UInt64) throws {
        let current = ComputeManifest.current
        var check = LoweringCheck()
        for (number, receiver) in current.older(for: type.schema).enumerated() {
            try check.run(
                type, receiver: receiver, seed: seed + UInt64(number), count: 2_000, prepare: makeConsistent)
        }
        for release in ComputeManifest.releases.map(\.manifest) {
            try check.run(type, receiver: release, seed: seed, count: 2_000, prepare: makeConsistent)
        }
        try check.run(type, receiver: current, seed: seed, count: 20, prepare: makeConsistent)
    }

    /// Hosts that a host can be: what version 1.0 cannot tell from something else, is that.
    private func makeConsistent(_ message: inout some VersionedMessage) {
        func consistent(_ host: Host) -> Host {
            var host = host
            if host.usage == HostUsage() { host.usage = nil }
            if host.hypervisor == nil || host.accelerator == .unspecified { host.accelerator = nil }
            return host
        }
        func replace<Whole: VersionedMessage>(_ type: Whole.Type, _ body: (inout Whole) -> Void) {
            guard var whole = message as? Whole else { return }
            body(&whole)
            message.content = whole.content
        }
        replace(Host.self) { $0 = consistent($0) }
        replace(HostResponse.self) { $0.host = $0.host.map(consistent) }
        replace(ListHostsResponse.self) { $0.hosts = $0.hosts.map(consistent) }
        replace(RegisterHostRequest.self) { $0.host = $0.host.map(consistent) }
        replace(RegisterHostResponse.self) { $0.host = $0.host.map(consistent) }
    }

    @Test(arguments: 0...3) func `a crate goes to every older version as declared`(minor: UInt16) throws {
        var check = LoweringCheck()
        for part in [ObjectVersion(1, 0), ObjectVersion(1, 1)] {
            let receiver = Manifest(["test.Crate": ObjectVersion(1, minor), "test.Part": part])
            try check.run(Crate.self, receiver: receiver, seed: UInt64(minor), count: 1_000)
        }
        #expect(check.counts.total == 2_000)
        #expect((check.counts.refused > 100) == (minor < 2))
        #expect(check.counts.changed > 100)
        #expect(check.counts.unchanged > 10)
    }

    @Test func `an object that the receiver does not know is refused`() throws {
        var check = LoweringCheck()
        let receiver = Manifest(["test.Crate": ObjectVersion(1, 3)])
        try check.run(Crate.self, receiver: receiver, seed: 1, count: 500)
        #expect(check.counts.refused > 100)
        #expect(check.counts.unchanged > 50)
        #expect(check.counts.changed == 0)
    }

    @Test func `a hook's object comes back as it was`() throws {
        var check = LoweringCheck()
        for minor in UInt16(0)...1 {
            let receiver = Manifest(["test.Gadget": ObjectVersion(1, minor)])
            try check.run(Gadget.self, receiver: receiver, seed: UInt64(minor), count: 1_000) { gadget in
                // The two sizes say the same, and old senders only knew the smaller unit.
                if gadget.sizeBytes != nil || gadget.sizeMb != nil {
                    gadget.sizeBytes = (gadget.sizeBytes ?? 0) & 0xFFFF_FFFF_FFF0_0001
                    gadget.sizeMb = nil
                }
            }
        }
        #expect(check.counts.converted > 100)
        #expect(check.counts.refused > 100)
    }

    @Test func `a checker that never finds a fault would be none`() throws {
        // The receiver that the object is sent to and the one that is asked about differ.
        var crate = Crate()
        crate.colour = .green
        let receiver = Manifest(["test.Crate": ObjectVersion(1, 1), "test.Part": ObjectVersion(1, 1)])
        var model = LoweringModel(receiver: receiver)
        let expected = model.lowered(try WireTree(crate.encodedBytes(), Crate.schema), Crate.schema)
        #expect(try WireTree(crate.encodedBytes(), Crate.schema) != expected)
        #expect(model.isChanged)
        crate.colour = .red
        #expect(try WireTree(crate.encodedBytes(), Crate.schema) == expected)
    }
}
