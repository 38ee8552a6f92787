import ComputeMessages
import Conductor
import StatorObjects
import Testing

@Suite("Hosts in the database")
struct HostStoreTests {
    @Test func `a host keeps its uuid and its name`() async throws {
        try await StoreFixture.run { fixture in
            let uuid = ObjectID.random()
            let (host, attachment) = try await fixture.registerHost(name: "host1", uuid: uuid)
            #expect(host.generation == 1)
            #expect(attachment.number == 1)
            let taken = await storeError { try await fixture.registerHost(name: "host1") }
            #expect(taken?.code == .alreadyExists)
            let renamed = await storeError { try await fixture.registerHost(name: "host9", uuid: uuid) }
            #expect(renamed?.code == .identityMismatch)
            let (again, second) = try await fixture.registerHost(name: "host1", uuid: uuid, vcpus: 16, bootEpoch: 2)
            #expect(again.vcpus == 16)
            #expect(again.generation == 2)
            #expect(second.number == 2)
            let found = try await fixture.store.hosts.find("host1")
            #expect(found.uuid == uuid)
            #expect(found.isUp)
            #expect(found.conductor == "c1")
        }
    }

    @Test func `a later attachment fences the earlier ones`() async throws {
        try await StoreFixture.run { fixture in
            let hosts = fixture.store.hosts
            let uuid = ObjectID.random()
            let (_, first) = try await fixture.registerHost(uuid: uuid, conductor: "c1", bootEpoch: 5)
            let (_, second) = try await fixture.registerHost(uuid: uuid, conductor: "c2", bootEpoch: 5)
            let fenced = await storeError { try await hosts.renew(first, lease: .seconds(60)) }
            #expect(fenced?.code == .fenced)
            let detachedLate = try await hosts.detach(first)
            #expect(!detachedLate)
            try await hosts.renew(second, lease: .seconds(60))
            let older = await storeError { try await fixture.registerHost(uuid: uuid, bootEpoch: 4) }
            #expect(older?.code == .fenced)
            let detached = try await hosts.detach(second)
            #expect(detached)
            let record = try await hosts.get(uuid)
            #expect(record?.conductor == nil)
            #expect(record?.isUp == false)
        }
    }

    @Test func `a host is up as long as its lease by the database's clock`() async throws {
        try await StoreFixture.run { fixture in
            try await fixture.registerHost(name: "alive")
            try await fixture.registerHost(name: "gone", lease: .zero - .seconds(1))
            let hosts = try await fixture.store.hosts.list()
            #expect(hosts.map(\.name) == ["alive", "gone"])
            #expect(hosts.map(\.isUp) == [true, false])
            let detached = try await fixture.store.hosts.detachAll(conductor: "c1")
            #expect(detached == 2)
        }
    }

    @Test func `candidates are enabled, alive, have the image and room, the emptiest first`() async throws {
        try await StoreFixture.run { fixture in
            let hosts = fixture.store.hosts
            let image = StoreFixture.image()
            let other = StoreFixture.image(uuid: image.uuid ?? .random(), checksum: 2)
            try await fixture.registerHost(name: "small", memoryMB: 2048, images: [image])
            try await fixture.registerHost(name: "large", memoryMB: 4096, images: [image])
            try await fixture.registerHost(name: "full", memoryMB: 256, images: [image])
            try await fixture.registerHost(name: "other-image", images: [other])
            try await fixture.registerHost(name: "no-image")
            try await fixture.registerHost(name: "dead", images: [image], lease: .zero - .seconds(1))
            let (off, _) = try await fixture.registerHost(name: "off", images: [image])
            _ = try await hosts.setDisabled(off.uuid, generation: off.generation, disabled: true, reason: "repair")
            let claim = ResourceClaim(vcpus: 1, memoryMB: 512, diskGB: 1)
            let candidates = try await hosts.candidates(for: claim, image: image, limit: 10)
            #expect(candidates.map(\.name) == ["large", "small"])
            let stale = await storeError {
                _ = try await hosts.setDisabled(off.uuid, generation: off.generation, disabled: false, reason: nil)
            }
            #expect(stale?.code == .lostRace(.generation))
        }
    }

    @Test func `a claim and its release move the sums, and each happens once`() async throws {
        try await StoreFixture.run { fixture in
            let hosts = fixture.store.hosts
            let (host, _) = try await fixture.registerHost(vcpus: 4, memoryMB: 1024)
            let (_, instance) = try await fixture.createInstance()
            try await fixture.store.instances.update(
                instance.uuid, guard: InstanceGuard(generation: 1), [.hostID(host.uuid)])
            let claim = ResourceClaim(vcpus: 2, memoryMB: 512, diskGB: 3)
            try await hosts.claim(claim, instance: instance.uuid, host: host.uuid, generation: host.generation)
            let used = try #require(try await hosts.get(host.uuid))
            #expect([used.vcpusUsed, used.memoryMBUsed, used.localGBUsed] == [2, 512, 3])
            #expect(used.instanceCount == 1)
            let held = try await hosts.claim(instance: instance.uuid)
            #expect(held?.claim == claim)
            let stale = await storeError {
                try await hosts.claim(claim, instance: .random(), host: host.uuid, generation: host.generation)
            }
            #expect(stale?.code == .lostRace(.generation))
            let twice = await storeError {
                try await hosts.claim(claim, instance: instance.uuid, host: host.uuid, generation: used.generation)
            }
            #expect(twice?.code == .alreadyExists)
            let large = await storeError {
                try await hosts.claim(
                    ResourceClaim(vcpus: 3, memoryMB: 1, diskGB: 1), instance: .random(), host: host.uuid,
                    generation: used.generation)
            }
            #expect(large?.code == .insufficientCapacity)
            #expect(large?.message == "host host1 has 2 vcpus, 512 MB of memory and 97 GB of disk left")
            let consistent = try await hosts.inconsistencies()
            #expect(consistent == [])
            let released = try await hosts.releaseClaim(instance: instance.uuid)
            let again = try await hosts.releaseClaim(instance: instance.uuid)
            #expect(released && !again)
            let free = try await hosts.get(host.uuid)
            #expect(free?.vcpusUsed == 0)
        }
    }

    @Test func `a host that has shrunk keeps the capacity that is claimed on it`() async throws {
        try await StoreFixture.run { fixture in
            let (host, _) = try await fixture.registerHost(vcpus: 8)
            let (_, instance) = try await fixture.createInstance()
            try await fixture.store.hosts.claim(
                ResourceClaim(vcpus: 6, memoryMB: 1, diskGB: 1), instance: instance.uuid, host: host.uuid,
                generation: host.generation)
            let (shrunk, _) = try await fixture.registerHost(uuid: host.uuid, vcpus: 2)
            #expect(shrunk.vcpus == 6)
            #expect(shrunk.vcpusFree == 0)
        }
    }

    @Test func `fifty claims at once never exceed the host's capacity`() async throws {
        try await StoreFixture.run { fixture in
            let image = StoreFixture.image()
            let (host, _) = try await fixture.registerHost(vcpus: 20, memoryMB: 20 * 512, images: [image])
            var instances: [ObjectID] = []
            for number in 0..<50 {
                let (_, record) = try await fixture.createInstance(StoreFixture.newInstance(name: "s\(number)"))
                instances.append(record.uuid)
            }
            let claimed = try await withThrowingTaskGroup(of: Bool.self) { group in
                for instance in instances {
                    group.addTask { try await claimWithRetries(fixture.store, instance: instance, image: image) }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(claimed == 20)
            let full = try await fixture.store.hosts.get(host.uuid)
            #expect(full?.vcpusUsed == 20)
            #expect(full?.memoryMBFree == 0)
            let inconsistencies = try await fixture.store.hosts.inconsistencies()
            #expect(inconsistencies == [])
        }
    }

    private func claimWithRetries(_ store: Store, instance: ObjectID, image: Image) async throws -> Bool {
        let claim = ResourceClaim(vcpus: 1, memoryMB: 512, diskGB: 1)
        for _ in 0..<500 {
            guard let host = try await store.hosts.candidates(for: claim, image: image, limit: 1).first else {
                return false
            }
            let error = await storeError {
                try await store.transaction { transaction in
                    try await transaction.instances.update(
                        instance, guard: InstanceGuard(generation: 1), [.hostID(host.uuid)])
                    try await transaction.hosts.claim(
                        claim, instance: instance, host: host.uuid, generation: host.generation)
                }
            }
            guard let error else { return true }
            guard error.isRetryable || error.code == .insufficientCapacity else { throw error }
        }
        Issue.record("500 races lost")
        return false
    }
}
