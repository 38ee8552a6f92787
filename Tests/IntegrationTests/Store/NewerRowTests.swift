import ComputeMessages
import ComputeObjects
import Conductor
import Postgres
import StatorObjects
import Testing

/// Rows that a conductor of a newer release has written.
@Suite("Rows of a newer release")
struct NewerRowTests {
    private static func set(_ fixture: StoreFixture, _ table: String, _ assignments: String) async throws {
        _ = try await fixture.client.query("UPDATE \(table) SET \(assignments)")
    }

    @Test func `an instance in unknown states is listed, found and written to without touching them`() async throws {
        try await StoreFixture.run { fixture in
            let instances = fixture.store.instances
            let (_, created) = try await fixture.createInstance()
            try await Self.set(fixture, "instances", "vm_state = 106, task_state = 108, power_state = 109")
            let listed = try await instances.list(userID: nil, after: nil, limit: 10)
            #expect(listed.map(\.uuid) == [created.uuid])
            let found = try await instances.find("web", userID: nil)
            #expect(found.vmStateNumber.rawValue == 106)
            #expect(found.vmState == .unspecified)
            #expect(found.taskState == nil)
            #expect(found.powerState == nil)
            #expect(found.message.vmState == .unspecified)
            #expect(!found.message.isSet("task_state"))
            _ = try found.message.encodedBytes()

            let guarded = await storeError {
                try await instances.update(
                    created.uuid, guard: InstanceGuard(generation: 1, vmStates: [.active]), [.fault(nil)])
            }
            #expect(guarded?.code == .lostRace(.vmState))
            #expect(guarded?.message.contains("has vm_state unknown (106), not active") == true)
            try await instances.update(
                created.uuid, guard: InstanceGuard(generation: 1), [.fault(StoreFixture.fault("x"))])
            let after = try await instances.get(created.uuid)
            #expect(after?.vmStateNumber.rawValue == 106)
            #expect(after?.taskStateNumber.rawValue == 108)
        }
    }

    @Test func `a delete begins in unknown states`() async throws {
        try await StoreFixture.run { fixture in
            let new = StoreFixture.newInstance()
            try await fixture.createInstance(new)
            try await Self.set(fixture, "instances", "vm_state = 106, task_state = 108")
            let begun = try await fixture.store.beginOperation(
                StoreFixture.newOperation(.delete, step: .direct, on: new), guard: InstanceGuard(generation: 1),
                changes: [.taskState(.deleting)], cancelling: StoreFixture.fault("deleted"))
            guard case .begun(_, let instance) = begun else {
                Issue.record("not begun")
                return
            }
            #expect(instance.taskState == .deleting)
        }
    }

    @Test(arguments: ["kind = 107", "step = 109, state = 1", "kind = 107, deadline = 0"])
    func `an operation of an unknown kind or step is listed and left alone`(assignments: String) async throws {
        try await StoreFixture.run { fixture in
            let operations = fixture.store.operations
            let (begun, _) = try await fixture.createInstance()
            try await Self.set(fixture, "operations", assignments)
            let taken = try await operations.take(conductor: "c1", lease: .seconds(10), limit: 8)
            #expect(taken == [])
            let wakeUp = try await operations.nextWakeUp(conductor: "c1")
            #expect(wakeUp == nil)
            let listed = try await operations.list(userID: nil, instanceUUID: nil, limit: 8)
            #expect(listed.map(\.uuid) == [begun.uuid])
            #expect(listed.map(\.isFinished) == [false])
            _ = try listed[0].message.encodedBytes()
        }
    }

    @Test func `an operation in an unknown state is listed and left alone`() async throws {
        try await StoreFixture.run { fixture in
            let (begun, _) = try await fixture.createInstance()
            try await Self.set(fixture, "operations", "state = 106")
            let taken = try await fixture.store.operations.take(conductor: "c1", lease: .seconds(10), limit: 8)
            #expect(taken == [])
            let found = try await fixture.store.operations.get(begun.uuid)
            #expect(found?.state == .unspecified)
            #expect(found?.stateNumber.description == "unknown (106)")
        }
    }

    @Test func `a guest is not built from a row that this release does not fully know`() async throws {
        try await StoreFixture.run { fixture in
            let operations = fixture.store.operations
            var new = StoreFixture.newInstance()
            new.neededServiceVersion = 1000
            let (_, instance) = try await fixture.createInstance(new)
            #expect(instance.neededServiceVersion == 1000)
            let create = try await operations.take(conductor: "c1", lease: .seconds(10), limit: 8)
            #expect(create == [])
            for kind in [OperationKind.start, .rebootHard] {
                try await Self.set(fixture, "operations", "kind = \(kind.rawValue)")
                let taken = try await operations.take(conductor: "c1", lease: .seconds(10), limit: 8)
                #expect(taken == [])
            }
            // What starts no guest goes on.
            try await Self.set(fixture, "operations", "kind = \(OperationKind.delete.rawValue)")
            let delete = try await operations.take(conductor: "c1", lease: .seconds(10), limit: 8)
            #expect(delete.map(\.kind) == [.delete])
        }
    }

    @Test func `hosts below the service version that an instance needs are no candidates`() async throws {
        try await StoreFixture.run { fixture in
            let image = StoreFixture.image()
            try await fixture.registerHost(name: "h1", images: [image])
            let claim = ResourceClaim(vcpus: 1, memoryMB: 1, diskGB: 1)
            let hosts = fixture.store.hosts
            let able = try await hosts.candidates(for: claim, image: image, serviceVersion: 1, limit: 8)
            #expect(able.map(\.name) == ["h1"])
            let unable = try await hosts.candidates(for: claim, image: image, serviceVersion: 2, limit: 8)
            #expect(unable.isEmpty)
        }
    }

    @Test func `a conductor goes on while another adds columns, and leaves those columns alone`() async throws {
        try await StoreFixture.run { fixture in
            let instances = fixture.store.instances
            let (_, created) = try await fixture.createInstance()
            let before = try await instances.update(
                created.uuid, guard: InstanceGuard(generation: 1), [.vmState(.active)])
            // Statements of this session are prepared by now.
            for table in ["instances", "operations", "hosts", "services", "flavors", "host_images", "host_sessions"] {
                _ = try await fixture.client.query("ALTER TABLE \(table) ADD of_newer text DEFAULT 'kept'")
            }
            let after = try await instances.update(
                created.uuid, guard: InstanceGuard(generation: before.generation), [.vmState(.stopped)])
            #expect(after.vmState == .stopped)
            try await fixture.createInstance(StoreFixture.newInstance(name: "second"))
            let host = ObjectID.random()
            try await fixture.registerHost(uuid: host, images: [StoreFixture.image()])
            try await Self.set(fixture, "hosts", "of_newer = 'changed'")
            try await fixture.registerHost(uuid: host, bootEpoch: 2)
            let kept = try await fixture.client.query("SELECT of_newer FROM hosts").first?.text("of_newer")
            #expect(kept == "changed")
            let taken = try await fixture.store.operations.take(conductor: "c1", lease: .seconds(10), limit: 8)
            #expect(taken.count == 2)
        }
    }
}
