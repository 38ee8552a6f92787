package import Logging
package import StatorObjects
package import StatorReactor

/// Takes up the operations that this conductor can go on with, and carries each to its end or to its host.
///
/// On the loop. Every write names the generation that was read, so an operation that another conductor took, or
/// a delete or a report ended, is noticed at the next write and dropped.
package actor OperationEngine {
    /// Operations in the middle of a step.
    package static let steppingCountMax = 64
    /// Operations held, those that wait for a report included.
    package static let heldCountMax = 4096
    /// Looks for work so often even when nothing wakes it.
    package static let fallbackInterval: Duration = .seconds(1)
    /// Before a directive that was not answered is sent again, and after an error of the database.
    static let retryPause: Duration = .seconds(1)
    /// Before an operation whose host has gone is taken up again.
    static let moveDelay: Duration = .milliseconds(200)

    nonisolated let loop: EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    let store: Store
    let hosts: AttachedHosts
    let conductorName: String
    let delivery: DirectiveDelivery
    let logger: Logger

    private var held: [ObjectID: HeldOperation] = [:]
    private var steppingCount = 0
    /// Waiting operations of which something was heard.
    private var suspects: Set<ObjectID> = []
    private(set) var isStopping = false
    private let bell = Doorbell()
    /// Said once for each outage.
    private var isDatabaseAway = false

    package init(store: Store, hosts: AttachedHosts, conductorName: String, loop: EventLoop, logger: Logger) {
        self.store = store
        self.hosts = hosts
        self.conductorName = conductorName
        self.delivery = DirectiveDelivery()
        self.loop = loop
        self.logger = logger
    }

    /// Works until `stop()`; then nothing is under way any more and every lease has been given back.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.keepTime() }
            await work()
            group.cancelAll()
        }
        for operation in Array(held.values) {
            await giveBack(operation, after: .zero)
        }
    }

    /// Takes nothing new and ends `run()` when the steps under way have ended.
    package func stop() {
        isStopping = true
        bell.ring()
    }

    private func work() async {
        await withDiscardingTaskGroup { group in
            for await _ in bell.rings {
                if isStopping { break }
                await checkSuspects()
                for record in await takeRunnable() {
                    guard let id = hold(record) else { continue }
                    group.addTask { await self.step(id) }
                }
            }
        }
    }

    private func keepTime() async {
        var sinceRenewal: Duration = .zero
        var isCancelled = false
        while !isCancelled {
            do {
                try await loop.sleep(for: Self.fallbackInterval)
            } catch {
                isCancelled = true
                continue
            }
            bell.ring()
            sinceRenewal += Self.fallbackInterval
            if sinceRenewal >= Leases.renewalInterval(of: Leases.operation) - Self.fallbackInterval {
                sinceRenewal = .zero
                await renewLeases()
            }
        }
    }

    private func takeRunnable() async -> [OperationRecord] {
        let limit = min(Self.steppingCountMax - steppingCount, Self.heldCountMax - held.count)
        guard limit > 0 else { return [] }
        do {
            let taken = try await store.operations.take(
                conductor: conductorName, lease: Leases.operation, limit: limit)
            isDatabaseAway = false
            return taken
        } catch {
            if !isDatabaseAway {
                logger.warning("operations cannot be taken up at the moment", metadata: ["error": "\(error)"])
            }
            isDatabaseAway = true
            return []
        }
    }

    /// Nil when an older hold of it is still at work: that one finds out by itself, and the lease ends.
    private func hold(_ record: OperationRecord) -> ObjectID? {
        if let older = held[record.uuid], older.isStepping { return nil }
        held[record.uuid] = HeldOperation(record, takenAt: .now)
        steppingCount += 1
        logger.info(
            "operation taken",
            metadata: metadata(of: record, ["step": "\(record.step)", "attempt": "\(record.attempt)"]))
        return record.uuid
    }

    private func step(_ id: ObjectID) async {
        guard let operation = held[id] else { return }
        do {
            try await advance(operation)
        } catch let error as StoreError {
            await recover(operation, from: error)
        } catch {
            logger.error("operation step failed", metadata: metadata(of: operation.record, ["error": "\(error)"]))
            await giveBack(operation, after: Self.retryPause)
        }
        operation.isStepping = false
        steppingCount -= 1
        if steppingCount == Self.steppingCountMax - 1 { bell.ring() }
    }

    /// A lost race says that somebody else is at it; anything else passes, and the operation is taken up again.
    private func recover(_ operation: HeldOperation, from error: StoreError) async {
        if case .lostRace = error.code {
            logger.debug("operation changed elsewhere", metadata: metadata(of: operation.record))
        } else {
            logger.warning("operation step failed", metadata: metadata(of: operation.record, ["error": "\(error)"]))
            try? await loop.sleep(for: Self.retryPause)
        }
        await giveBack(operation, after: .zero)
    }

    // MARK: Letting go

    /// No longer ours to work on.
    func forget(_ operation: HeldOperation) {
        operation.machine.superseded()
        if held[operation.id] === operation { held[operation.id] = nil }
    }

    /// Back to the queue, unless it ended or another conductor has it; when the database can't be reached, the
    /// lease's end does the same.
    func giveBack(_ operation: HeldOperation, after delay: Duration) async {
        defer { forget(operation) }
        do {
            guard let current = try await store.operations.get(operation.id), !current.isFinished,
                current.conductor == conductorName
            else { return }
            _ = try await store.operations.release(current, after: delay)
            ring(after: delay)
        } catch {
            logger.debug("operation not given back", metadata: metadata(of: operation.record, ["error": "\(error)"]))
        }
    }

    private func ring(after delay: Duration) {
        guard delay > .zero else { return bell.ring() }
        _ = loop.schedule(at: loop.now + delay) { [bell] in bell.ring() }
    }

    // MARK: What comes from outside

    /// Something may be to do: an operation was begun or changed, or (nil) some may have been missed.
    package func operationChanged(_ id: ObjectID?) {
        if let id {
            if held[id]?.isStepping == false { suspects.insert(id) }
        } else {
            suspects.formUnion(held.values.lazy.filter { !$0.isStepping }.map(\.id))
        }
        bell.ring()
    }

    /// The host's connection to this conductor closed or was made anew.
    package func hostMoved(_ hostID: ObjectID) async {
        for operation in Array(held.values) where operation.hostID == hostID {
            if operation.machine.hostMoved() == .letGo {
                await giveBack(operation, after: Self.moveDelay)
            }
        }
        bell.ring()
    }

    /// Drops those that have ended or that another conductor has taken.
    private func checkSuspects() async {
        let ids = suspects
        suspects = []
        for id in ids {
            guard let operation = held[id], !operation.isStepping else { continue }
            do {
                let current = try await store.operations.get(id)
                if let current, !current.isFinished, current.conductor == conductorName {
                    operation.record = current
                    continue
                }
                if let current, current.isFinished { logEnd(of: current, operation) }
                forget(operation)
            } catch {
                suspects.insert(id)
            }
        }
    }

    private func renewLeases() async {
        for operation in Array(held.values) {
            do {
                let renewed = try await store.operations.renew(operation.record, lease: Leases.operation)
                if !operation.isStepping { operation.record = renewed }
            } catch {
                if case .lostRace = error.code {
                    if !operation.isStepping { suspects.insert(operation.id) }
                } else {
                    logger.warning("lease not renewed", metadata: metadata(of: operation.record, ["error": "\(error)"]))
                }
            }
        }
    }

    // MARK: Log

    func logStep(_ operation: HeldOperation, _ more: Logger.Metadata = [:]) {
        let step: Logger.Metadata = ["step": "\(operation.record.step)"]
        logger.info("operation step", metadata: metadata(of: operation.record, step.merging(more) { $1 }))
    }

    func logEnd(of record: OperationRecord, _ operation: HeldOperation) {
        let end: Logger.Metadata = [
            "state": "\(record.state)", "held": "\((ContinuousClock.now - operation.takenAt).inMilliseconds) ms",
        ]
        logger.info("operation finished", metadata: metadata(of: record, end))
    }

    func metadata(of record: OperationRecord, _ more: Logger.Metadata = [:]) -> Logger.Metadata {
        let identity: Logger.Metadata = [
            "operation": "\(record.uuid)", "instance": "\(record.instanceUUID)", "kind": "\(record.kind)",
        ]
        return identity.merging(more) { $1 }
    }
}
