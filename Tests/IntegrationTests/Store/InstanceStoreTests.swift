import ComputeMessages
import Conductor
import Postgres
import StatorObjects
import Testing

@Suite("Instances in the database")
struct InstanceStoreTests {
    @Test func `an instance comes back as it was written`() async throws {
        try await StoreFixture.run { fixture in
            let new = StoreFixture.newInstance(flavor: StoreFixture.flavor(vcpus: 3, memoryMB: 1024, rootGB: 9))
            let (operation, created) = try await fixture.createInstance(new)
            #expect(created.vmState == .building)
            #expect(created.taskState == .scheduling)
            #expect(created.generation == 1)
            #expect(created.flavor == new.flavor)
            #expect(created.image == new.image)
            #expect(created.networkInterfaces == new.networkInterfaces)
            #expect(created.userData == [0, 1, 2])
            #expect(created.vcpus == 3)
            #expect(operation.state == .queued)
            #expect(operation.attempt == 0)
            #expect(operation.remainingTime > .seconds(50))
            let read = try await fixture.store.instances.get(new.uuid)
            #expect(read == created)
            #expect(read?.message.displayName == "web")
        }
    }

    @Test func `user data is read only with the one instance that a directive is made of`() async throws {
        try await StoreFixture.run { fixture in
            let store = fixture.store.instances
            let (host, _) = try await fixture.registerHost()
            let (_, created) = try await fixture.createInstance()
            let placed = try await store.update(
                created.uuid, guard: InstanceGuard(generation: 1), [.hostID(host.uuid)])
            #expect(placed.userData == [0, 1, 2])
            #expect(try await store.get(created.uuid)?.userData == [0, 1, 2])
            var expected = placed
            expected.userData = nil
            #expect(try await store.get([created.uuid]) == [expected])
            #expect(try await store.find(created.uuid.description, userID: nil) == expected)
            #expect(try await store.find("web", userID: "alice") == expected)
            #expect(try await store.list(userID: "alice", after: nil, limit: 9) == [expected])
            #expect(try await store.list(hostID: host.uuid) == [expected])
        }
    }

    @Test func `an update writes what it names and advances the generation`() async throws {
        try await StoreFixture.run { fixture in
            let (host, _) = try await fixture.registerHost()
            let (_, created) = try await fixture.createInstance()
            let fault = StoreFixture.fault("no luck")
            let updated = try await fixture.store.instances.update(
                created.uuid, guard: InstanceGuard(generation: 1),
                [.vmState(.active), .vmState(.error), .taskState(.none), .hostID(host.uuid), .fault(fault)])
            #expect(updated.vmState == .error)
            #expect(updated.taskState == TaskState.none)
            #expect(updated.hostName == "host1")
            #expect(updated.fault == fault)
            #expect(updated.generation == 2)
            #expect(updated.displayDescription == created.displayDescription)
            let cleared = try await fixture.store.instances.update(
                created.uuid, guard: InstanceGuard(generation: 2), [.hostID(nil), .fault(nil)])
            #expect(cleared.hostID == nil)
            #expect(cleared.fault == nil)
        }
    }

    @Test func `a lost race says which field moved`() async throws {
        try await StoreFixture.run { fixture in
            let (_, created) = try await fixture.createInstance()
            let store = fixture.store.instances
            func refusal(_ instanceGuard: InstanceGuard) async -> StoreError? {
                await storeError { try await store.update(created.uuid, guard: instanceGuard, [.taskState(.none)]) }
            }
            let old = await refusal(InstanceGuard(generation: 7))
            #expect(old?.code == .lostRace(.generation))
            #expect(old?.message == "instance \(created.uuid) has generation 1, not 7")
            let task = await refusal(InstanceGuard(generation: 1, taskStates: [.none]))
            #expect(task?.code == .lostRace(.taskState))
            #expect(task?.message == "instance \(created.uuid) has task_state scheduling, not none")
            let state = await refusal(InstanceGuard(generation: 1, vmStates: [.active, .stopped]))
            #expect(state?.code == .lostRace(.vmState))
            #expect(state?.message == "instance \(created.uuid) has vm_state building, not active or stopped")
            try await store.update(created.uuid, guard: InstanceGuard(generation: 1), [.vmState(.deleted)])
            let deleted = await refusal(InstanceGuard(generation: 2))
            #expect(deleted?.code == .lostRace(.deleted))
            #expect(deleted?.message == "instance \(created.uuid) has been deleted")
            let absent = await storeError {
                try await store.update(.random(), guard: InstanceGuard(generation: 1), [.taskState(.none)])
            }
            #expect(absent?.code == .notFound)
        }
    }

    @Test func `of two writers that saw the same generation one wins`() async throws {
        try await StoreFixture.run { fixture in
            let (_, created) = try await fixture.createInstance()
            let errors = await withTaskGroup(of: StoreError?.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        await storeError {
                            try await fixture.store.instances.update(
                                created.uuid, guard: InstanceGuard(generation: 1), [.taskState(.spawning)])
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(errors.filter { $0 == nil }.count == 1)
            #expect(errors.compactMap { $0?.code }.allSatisfy { $0 == .lostRace(.generation) })
        }
    }

    @Test func `instances are found by uuid and by name, and an ambiguous name says how many`() async throws {
        try await StoreFixture.run { fixture in
            let store = fixture.store.instances
            let (_, web) = try await fixture.createInstance(StoreFixture.newInstance(name: "web"))
            try await fixture.createInstance(StoreFixture.newInstance(name: "web", userID: "bob"))
            let found = try await store.find("web", userID: "alice")
            #expect(found.uuid == web.uuid)
            let byUUID = try await store.find(web.uuid.description, userID: nil)
            #expect(byUUID.uuid == web.uuid)
            let ambiguous = await storeError { _ = try await store.find("web", userID: nil) }
            #expect(ambiguous?.code == .ambiguousName)
            #expect(ambiguous?.count == 2)
            let foreign = await storeError { _ = try await store.find(web.uuid.description, userID: "bob") }
            #expect(foreign?.code == .notFound)
            try await store.update(web.uuid, guard: InstanceGuard(generation: 1), [.vmState(.deleted)])
            let deleted = await storeError { _ = try await store.find("web", userID: "alice") }
            #expect(deleted?.code == .notFound)
        }
    }

    @Test func `lists go page by page in the order of uuids and leave out the deleted`() async throws {
        try await StoreFixture.run { fixture in
            var uuids: [ObjectID] = []
            for number in 0..<7 {
                let (_, record) = try await fixture.createInstance(StoreFixture.newInstance(name: "s\(number)"))
                uuids.append(record.uuid)
            }
            try await fixture.createInstance(StoreFixture.newInstance(userID: "bob"))
            let gone = uuids.removeFirst()
            try await fixture.store.instances.update(gone, guard: InstanceGuard(generation: 1), [.vmState(.deleted)])
            var seen: [ObjectID] = []
            var page = try await fixture.store.instances.list(userID: "alice", after: nil, limit: 4)
            while let last = page.last {
                seen += page.map(\.uuid)
                page = try await fixture.store.instances.list(userID: "alice", after: last.uuid, limit: 4)
            }
            #expect(seen == uuids.sorted())
            let all = try await fixture.store.instances.list(userID: nil, after: nil, limit: 100)
            #expect(all.count == 7)
            let some = try await fixture.store.instances.get([uuids[1], uuids[0], .random()])
            #expect(some.map(\.uuid) == [uuids[0], uuids[1]].sorted())
        }
    }

    @Test func `what a newer release wrote into a stored object survives`() async throws {
        try await StoreFixture.run { fixture in
            let new = StoreFixture.newInstance()
            try await fixture.createInstance(new)
            // Field 100, a varint: no field of a Flavor of this release.
            _ = try await fixture.client.query(
                "UPDATE instances SET flavor = flavor || '\\xa00601'::bytea, flavor_version = '1.9'")
            let read = try await fixture.store.instances.get(new.uuid)
            let flavor = try #require(read?.flavor)
            #expect(flavor.name == "small")
            #expect(try flavor.encodedBytes(for: nil).suffix(3) == [0xA0, 0x06, 0x01])
        }
    }

    @Test func `a number that is no state in any release cannot be written`() async throws {
        try await StoreFixture.run { fixture in
            try await fixture.createInstance()
            await #expect(throws: PostgresError.self) {
                _ = try await fixture.client.query("UPDATE instances SET vm_state = 0")
            }
        }
    }
}
