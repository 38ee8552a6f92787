import ComputeMessages
import ComputeObjects
import Conductor
import Postgres
import StatorObjects
import StatorRPC
import Testing

@Suite("Who runs what, in the database")
struct FleetTests {
    @Test func `hosts are services of stator-compute, and all are listed by binary and name`() async throws {
        try await StoreFixture.run { fixture in
            let services = fixture.store.services
            _ = try await services.register(
                binary: "stator-conductor", name: "c1", release: "0.2.0", version: 2, address: "127.0.0.1:1",
                lease: .seconds(60))
            try await fixture.registerHost(name: "h2")
            try await fixture.registerHost(name: "h1", lease: .zero - .seconds(60))
            let fleet = try await services.fleet()
            #expect(fleet.map(\.binary) == ["stator-compute", "stator-compute", "stator-conductor"])
            #expect(fleet.map(\.name) == ["h1", "h2", "c1"])
            #expect(fleet.map(\.isUp) == [false, true, true])
            #expect(fleet.map(\.version) == [1, 1, 2])
            #expect(fleet[1].versionSince != nil)
            let hosts = try await services.fleet(binary: "stator-compute")
            #expect(hosts.map(\.name) == ["h1", "h2"])
            let justSeen = try await services.fleet(seenWithin: .seconds(30))
            #expect(justSeen.map(\.name) == ["h1", "h2", "c1"])
            try await Self.age(.seconds(60), fixture)
            // Whose lease lasts is up, no matter when it was last renewed.
            let recent = try await services.fleet(seenWithin: .seconds(30))
            #expect(recent.map(\.name) == ["h2", "c1"])
            let longer = try await services.fleet(seenWithin: .seconds(90))
            #expect(longer.map(\.name) == ["h1", "h2", "c1"])
        }
    }

    /// Lets all have been seen so much longer ago.
    private static func age(_ time: Duration, _ fixture: StoreFixture) async throws {
        let microseconds = time.components.seconds * 1_000_000
        for table in ["services", "host_sessions"] {
            _ = try await fixture.client.query("UPDATE \(table) SET last_seen_up = last_seen_up - \(microseconds)")
        }
    }

    @Test func `a change of release is written down once, in both directions`() async throws {
        try await StoreFixture.run { fixture in
            let services = fixture.store.services
            for (release, version) in [("0.1.0", UInt32(1)), ("0.1.0", 1), ("0.2.0", 2), ("0.2.0", 2), ("0.1.0", 1)] {
                _ = try await services.register(
                    binary: "stator-api", name: "a1", release: release, version: version, address: nil,
                    lease: .seconds(60))
            }
            let history = try await services.versions(binary: "stator-api", name: "a1")
            #expect(history.map(\.release) == ["0.1.0", "0.2.0", "0.1.0"])
            #expect(history.map(\.version) == [1, 2, 1])
            let found = try await services.find(binary: "stator-api", name: "a1")
            #expect(found?.versionSince == history.last?.seenAt)

            let uuid = ObjectID.random()
            try await fixture.registerHost(name: "h1", uuid: uuid)
            try await fixture.registerHost(name: "h1", uuid: uuid)
            let ofHost = try await services.versions(binary: "stator-compute", name: "h1")
            #expect(ofHost.map(\.version) == [1])
        }
    }

    @Test func `a gate is held by who is too old, by name, until its lease would have ended`() async throws {
        try await StoreFixture.run { fixture in
            let gate = FeatureGate(name: "pause", description: "Servers can be paused.", serviceVersion: 2)
            let gates = FeatureGates(store: fixture.store)
            let (_, attachment) = try await fixture.registerHost(name: "h1")
            let refusal = await #expect(throws: ConductorError.self) { try await gates.requireOpen(gate) }
            #expect(refusal?.code == .wrongState)
            #expect(refusal?.message.contains("stator-compute 'h1' (release 0.1.0, service version 1)") == true)
            let isOpenBefore = try await gates.isOpen(gate)
            #expect(!isOpenBefore)
            // Its connection broke: it may be restarting.
            try await fixture.store.hosts.detach(attachment)
            let isOpenAfterDetach = try await gates.isOpen(gate)
            #expect(!isOpenAfterDetach)
            try await Self.age(Leases.host - .seconds(5), fixture)
            let isOpenWithinLease = try await gates.isOpen(gate)
            #expect(!isOpenWithinLease)
            // Switched off for good.
            try await Self.age(.seconds(5), fixture)
            try await gates.requireOpen(gate)
        }
    }

    @Test(arguments: ["stator-conductor", "stator-api"])
    func `a daemon that stops holds a gate as long as one that was killed`(binary: String) async throws {
        try await StoreFixture.run { fixture in
            let gate = FeatureGate(name: "pause", description: "Servers can be paused.", serviceVersion: 2)
            let gates = FeatureGates(store: fixture.store)
            for (name, isStopped) in [("stopped", true), ("killed", false)] {
                let service = try await fixture.store.services.register(
                    binary: binary, name: name, release: "0.1.0", version: 1, address: nil, lease: Leases.service)
                if isStopped { try await fixture.store.services.withdraw(service.uuid) }
            }
            let refusal = await #expect(throws: ConductorError.self) { try await gates.requireOpen(gate) }
            #expect(refusal?.message.contains("\(binary) 'killed'") == true)
            #expect(refusal?.message.contains("\(binary) 'stopped'") == true)
            // Time goes by, and nothing else.
            try await Self.age(Leases.service, fixture)
            _ = try await fixture.client.query("UPDATE services SET lease_until = least(lease_until, stator_now())")
            try await gates.requireOpen(gate)
        }
    }
}
