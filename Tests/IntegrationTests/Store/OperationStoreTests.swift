import ComputeMessages
import Conductor
import Postgres
import StatorObjects
import Testing

@Suite("Operations in the database")
struct OperationStoreTests {
    @Test func `a repeated request gets what the first began, and another under its key is refused`() async throws {
        try await StoreFixture.run { fixture in
            let key = ObjectID.random()
            let first = StoreFixture.newInstance()
            let again = StoreFixture.newInstance()
            guard
                case .begun(let begun, _) = try await fixture.store.createInstance(
                    first, operation: StoreFixture.newOperation(on: first, key: key))
            else {
                Issue.record("the first is no repeat")
                return
            }
            guard
                case .repeated(let operation, let instance) = try await fixture.store.createInstance(
                    again, operation: StoreFixture.newOperation(on: again, key: key))
            else {
                Issue.record("the second is a repeat")
                return
            }
            #expect(operation.uuid == begun.uuid)
            #expect(instance.uuid == first.uuid)
            let written = try await fixture.store.instances.get(again.uuid)
            #expect(written == nil)
            let refused = await storeError {
                _ = try await fixture.store.createInstance(
                    again, operation: StoreFixture.newOperation(on: again, key: key, digest: [2]))
            }
            #expect(refused?.code == .idempotencyKeyReused)
            let lookedUp = try await fixture.store.beginning(userID: "alice", key: key, digest: [1])
            #expect(lookedUp != nil)
            let others = try await fixture.store.beginning(userID: "bob", key: key, digest: [1])
            #expect(others == nil)
        }
    }

    @Test func `twenty requests at once with one key make one instance`() async throws {
        try await StoreFixture.run { fixture in
            let key = ObjectID.random()
            let uuids = try await withThrowingTaskGroup(of: ObjectID.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        let new = StoreFixture.newInstance()
                        let beginning = try await fixture.store.createInstance(
                            new, operation: StoreFixture.newOperation(on: new, key: key))
                        switch beginning {
                        case .begun(_, let record), .repeated(_, let record): return record.uuid
                        }
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(uuids.count == 1)
            let all = try await fixture.store.instances.list(userID: nil, after: nil, limit: 10)
            #expect(all.count == 1)
        }
    }

    @Test func `an operation that loses the race for its instance is not there`() async throws {
        try await StoreFixture.run { fixture in
            let new = StoreFixture.newInstance()
            try await fixture.createInstance(new)
            let error = await storeError {
                _ = try await fixture.store.beginOperation(
                    StoreFixture.newOperation(.stop, step: .direct, on: new),
                    guard: InstanceGuard(generation: 1, taskStates: [.none]), changes: [.taskState(.poweringOff)])
            }
            #expect(error?.code == .lostRace(.taskState))
            let operations = try await fixture.store.operations.list(userID: nil, instanceUUID: new.uuid, limit: 10)
            #expect(operations.map(\.kind) == [.create])
        }
    }

    @Test func `a delete cancels what is under way`() async throws {
        try await StoreFixture.run { fixture in
            let new = StoreFixture.newInstance()
            let (create, _) = try await fixture.createInstance(new)
            let taken = try await fixture.store.operations.take(conductor: "c1", lease: .seconds(60), limit: 1)
            #expect(taken.map(\.uuid) == [create.uuid])
            _ = try await fixture.store.beginOperation(
                StoreFixture.newOperation(.delete, step: .direct, on: new), guard: InstanceGuard(generation: 1),
                changes: [.taskState(.deleting)], cancelling: StoreFixture.fault("deleted meanwhile"))
            let cancelled = try await fixture.store.operations.get(create.uuid)
            #expect(cancelled?.state == .cancelled)
            #expect(cancelled?.step == .done)
            #expect(cancelled?.fault?.message == "deleted meanwhile")
            #expect(cancelled?.conductor == nil)
            let late = await storeError {
                _ = try await fixture.store.operations.advance(taken[0], to: .direct)
            }
            #expect(late?.code == .lostRace(.state))
            #expect(late?.message == "operation \(create.uuid) is cancelled, not running")
            let unfinished = try await fixture.store.operations.unfinished(instanceUUID: new.uuid)
            #expect(unfinished.map(\.kind) == [.delete])
        }
    }

    @Test func `two conductors never take the same operation`() async throws {
        try await StoreFixture.run { fixture in
            for number in 0..<30 {
                try await fixture.createInstance(StoreFixture.newInstance(name: "s\(number)"))
            }
            let taken = try await withThrowingTaskGroup(of: [OperationRecord].self) { group in
                for number in 0..<10 {
                    group.addTask {
                        try await fixture.store.operations.take(
                            conductor: "c\(number % 2)", lease: .seconds(60), limit: 5)
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(Set(taken.map(\.uuid)).count == taken.count)
            #expect(taken.allSatisfy { $0.state == .running && $0.attempt == 1 && $0.generation == 2 })
            let rest = try await fixture.store.operations.take(conductor: "c3", lease: .seconds(60), limit: 100)
            #expect(taken.count + rest.count == 30)
        }
    }

    @Test func `a step on a host is taken by the conductor that the host is attached to`() async throws {
        try await StoreFixture.run { fixture in
            let (host, _) = try await fixture.registerHost(conductor: "c1")
            let (_, created) = try await fixture.createInstance()
            let operations = fixture.store.operations
            let taken = try await operations.take(conductor: "c2", lease: .seconds(60), limit: 9)
            #expect(taken.count == 1)
            try await fixture.store.instances.update(
                created.uuid, guard: InstanceGuard(generation: 1), [.hostID(host.uuid)])
            let advanced = try await operations.advance(taken[0], to: .direct, markDirected: true)
            #expect(advanced.directedAt != nil)
            // The host is attached to c1, so it takes over although the lease of c2 is not over.
            let takenOver = try await operations.take(conductor: "c1", lease: .seconds(60), limit: 9)
            #expect(takenOver.map(\.uuid) == [advanced.uuid])
            #expect(takenOver.first?.attempt == 2)
            #expect(takenOver.first?.step == .direct)
            let lost = await storeError { _ = try await operations.advance(advanced, to: .awaitReport) }
            #expect(lost?.code == .lostRace(.generation))
            let lostLease = try await operations.renew([advanced.uuid], conductor: "c2", lease: .seconds(1))
            #expect(lostLease.isEmpty)
            let nothing = try await operations.take(conductor: "c2", lease: .seconds(60), limit: 9)
            #expect(nothing.isEmpty)
            try await fixture.registerHost(uuid: host.uuid, conductor: "c2")
            let back = try await operations.take(conductor: "c2", lease: .seconds(60), limit: 9)
            #expect(back.count == 1)
        }
    }

    @Test func `an operation whose lease is over is taken again`() async throws {
        try await StoreFixture.run { fixture in
            try await fixture.createInstance()
            let operations = fixture.store.operations
            let first = try await operations.take(conductor: "c1", lease: .zero - .seconds(1), limit: 1)
            #expect(first.count == 1)
            let second = try await operations.take(conductor: "c2", lease: .seconds(60), limit: 1)
            #expect(second.map(\.attempt) == [2])
            let all = try await operations.renew([second[0].uuid], conductor: "c2", lease: .seconds(90))
            let renewed = try #require(all.first)
            #expect(renewed.generation == second[0].generation)
            let before = try #require(second[0].leaseUntil)
            let after = try #require(renewed.leaseUntil)
            #expect(after > before)
            let released = try await operations.releaseAll(conductor: "c2")
            #expect(released == 1)
        }
    }

    @Test func `what was given back is taken after its delay, and the wake-up time says when`() async throws {
        try await StoreFixture.run { fixture in
            let operations = fixture.store.operations
            let idle = try await operations.nextWakeUp(conductor: "c1")
            #expect(idle == nil)
            try await fixture.createInstance()
            let taken = try await operations.take(conductor: "c1", lease: .seconds(60), limit: 1)
            let released = try await operations.release(taken[0], after: .seconds(30))
            #expect(released.state == .queued)
            #expect(released.conductor == nil)
            let nothing = try await operations.take(conductor: "c1", lease: .seconds(60), limit: 1)
            #expect(nothing.isEmpty)
            let wait = try #require(try await operations.nextWakeUp(conductor: "c1"))
            #expect(wait > .seconds(20) && wait <= .seconds(30))
        }
    }

    @Test func `an operation past its deadline that reached no host is anybody's`() async throws {
        try await StoreFixture.run { fixture in
            let (host, _) = try await fixture.registerHost(conductor: "elsewhere")
            let (_, created) = try await fixture.createInstance(timeout: .zero)
            let operations = fixture.store.operations
            let taken = try await operations.take(conductor: "c1", lease: .seconds(60), limit: 1)
            #expect(taken.first?.isPastDeadline == true)
            try await fixture.store.instances.update(
                created.uuid, guard: InstanceGuard(generation: 1), [.hostID(host.uuid)])
            let direct = try await operations.advance(taken[0], to: .direct)
            _ = try await operations.release(direct, after: .zero)
            let again = try await operations.take(conductor: "c1", lease: .seconds(60), limit: 1)
            #expect(again.count == 1)
            let marked = try await operations.advance(again[0], to: .direct, markDirected: true)
            _ = try await operations.release(marked, after: .zero)
            let notAgain = try await operations.take(conductor: "c1", lease: .seconds(60), limit: 1)
            #expect(notAgain.isEmpty)
        }
    }

    @Test func `leases of many are renewed and given back in one statement each, those of others are left`()
        async throws
    {
        try await StoreFixture.run { fixture in
            for number in 0..<20 {
                try await fixture.createInstance(StoreFixture.newInstance(name: "s\(number)"))
            }
            let operations = fixture.store.operations
            let own = try await operations.take(conductor: "c1", lease: .seconds(10), limit: 15)
            let others = try await operations.take(conductor: "c2", lease: .seconds(10), limit: 15)
            let uuids = (own + others).map(\.uuid)
            let renewed = try await operations.renew(uuids, conductor: "c1", lease: .seconds(900))
            #expect(Set(renewed.map(\.uuid)) == Set(own.map(\.uuid)))
            #expect(renewed.allSatisfy { ($0.leaseUntil ?? $0.readAt) > $0.readAt.advanced(by: .seconds(800)) })
            let released = try await operations.release(uuids, conductor: "c1", after: .zero)
            #expect(released == 15)
            let read = try await operations.get(uuids)
            #expect(read.count { $0.state == .queued } == 15)
            #expect(read.count { $0.conductor == "c2" } == 5)
        }
    }

    @Test func `what is on a host that has enough to do is left, and the rest taken`() async throws {
        try await StoreFixture.run { fixture in
            let (host, _) = try await fixture.registerHost(conductor: "c1")
            let (_, created) = try await fixture.createInstance()
            let operations = fixture.store.operations
            let taken = try await operations.take(conductor: "c1", lease: .seconds(60), limit: 9)
            try await fixture.store.instances.update(
                created.uuid, guard: InstanceGuard(generation: 1), [.hostID(host.uuid)])
            let direct = try await operations.advance(taken[0], to: .direct, markDirected: true)
            #expect(direct.hostID == host.uuid)
            _ = try await operations.release(direct, after: .zero)
            let (other, _) = try await fixture.createInstance(StoreFixture.newInstance(name: "other"))
            let rest = try await operations.take(
                conductor: "c1", lease: .seconds(60), limit: 9, exceptOn: [host.uuid])
            #expect(rest.map(\.uuid) == [other.uuid])
            let left = try await operations.take(conductor: "c1", lease: .seconds(60), limit: 9)
            #expect(left.map(\.uuid) == [direct.uuid])
        }
    }

    @Test func `a build whose host is away and was never told is anybody's`() async throws {
        try await StoreFixture.run { fixture in
            let (host, attachment) = try await fixture.registerHost(conductor: "elsewhere")
            let (_, created) = try await fixture.createInstance()
            let operations = fixture.store.operations
            let taken = try await operations.take(conductor: "c1", lease: .seconds(60), limit: 1)
            try await fixture.store.instances.update(
                created.uuid, guard: InstanceGuard(generation: 1), [.hostID(host.uuid)])
            let direct = try await operations.advance(taken[0], to: .direct)
            _ = try await operations.release(direct, after: .zero)
            let whileUp = try await operations.take(conductor: "c1", lease: .seconds(60), limit: 1)
            #expect(whileUp.isEmpty)
            try await fixture.store.hosts.renew(attachment, lease: .zero - .seconds(1))
            let whileAway = try await operations.take(conductor: "c1", lease: .seconds(60), limit: 1)
            #expect(whileAway.count == 1)
            let marked = try await operations.advance(whileAway[0], to: .direct, markDirected: true)
            _ = try await operations.release(marked, after: .zero)
            let told = try await operations.take(conductor: "c1", lease: .seconds(60), limit: 1)
            #expect(told.isEmpty)
        }
    }

    @Test func `a host that comes back gets what rests at once`() async throws {
        try await StoreFixture.run { fixture in
            let (host, _) = try await fixture.registerHost(conductor: "c1")
            let (_, created) = try await fixture.createInstance()
            let operations = fixture.store.operations
            let taken = try await operations.take(conductor: "c1", lease: .seconds(60), limit: 1)
            try await fixture.store.instances.update(
                created.uuid, guard: InstanceGuard(generation: 1), [.hostID(host.uuid)])
            let direct = try await operations.advance(taken[0], to: .direct, markDirected: true)
            _ = try await operations.release(direct, after: .seconds(10))
            let resting = try await operations.take(conductor: "c1", lease: .seconds(60), limit: 1)
            #expect(resting.isEmpty)
            try await operations.hasten(hostID: host.uuid)
            let again = try await operations.take(conductor: "c1", lease: .seconds(60), limit: 1)
            #expect(again.map(\.uuid) == [direct.uuid])
        }
    }

    @Test func `an operation ends once`() async throws {
        try await StoreFixture.run { fixture in
            try await fixture.createInstance()
            let operations = fixture.store.operations
            let taken = try await operations.take(conductor: "c1", lease: .seconds(60), limit: 1)
            let failed = try await operations.finish(taken[0], .failed(StoreFixture.fault("no")))
            #expect(failed.state == .failed)
            #expect(failed.isFinished)
            #expect(failed.finishedAt != nil)
            #expect(failed.fault?.message == "no")
            let again = await storeError { _ = try await operations.finish(failed, .succeeded) }
            #expect(again?.code == .lostRace(.generation))
        }
    }

    @Test func `changes are heard of by whoever listens`() async throws {
        try await StoreFixture.run { fixture in
            var changes = fixture.store.operationChanges().makeAsyncIterator()
            let ready = await changes.next()
            #expect(ready == .some(nil))
            let (operation, _) = try await fixture.createInstance()
            let begun = await changes.next()
            #expect(begun == operation.uuid)
            let taken = try await fixture.store.operations.take(conductor: "c1", lease: .seconds(60), limit: 1)
            let takenHeard = await changes.next()
            #expect(takenHeard == operation.uuid)
            _ = try await fixture.store.operations.finish(taken[0], .succeeded)
            let finished = await changes.next()
            #expect(finished == operation.uuid)
        }
    }
}
