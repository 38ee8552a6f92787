package import Logging
internal import StatorObjects
package import StatorReactor

/// Takes up the operations that this conductor can go on with, and carries each to its end or to its host.
///
/// On the loop. Every write names the generation that was read, so an operation that another conductor took, or
/// a delete or a report ended, is noticed at the next write and dropped.
package actor OperationEngine {
    /// Operations in the middle of a step.
    package static let steppingCountMax = 64
    /// Of one host: while one does not answer, those of the others go on.
    package static let steppingPerHostMax = 16
    /// Taken in one statement; a host that could not bear so many more is left out of it.
    static let takeCountMax = 8
    /// Operations held, those that wait for a report included.
    package static let heldCountMax = 4096
    /// Looks for work so often even when nothing wakes it.
    package static let fallbackInterval: Duration = .seconds(1)
    /// After an error of the database, and while what is needed is not there.
    static let retryPause: Duration = .seconds(1)
    /// Before an operation whose host has gone is taken up again.
    static let moveDelay: Duration = .milliseconds(200)
    private static let directivePauseMax: Duration = .seconds(10)

    nonisolated let loop: EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    let store: Store
    let hosts: AttachedHosts
    let conductorName: String
    let delivery: DirectiveDelivery
    let logger: Logger

    var held: [ObjectID: HeldOperation] = [:]
    private var stepping: [ObjectIdentifier: HeldOperation] = [:]
    /// Waiting operations of which something was heard.
    var suspects: Set<ObjectID> = []
    private(set) var isStopping = false
    let bell = Doorbell()
    private(set) var outage = DatabaseOutage(now: .now)

    package init(store: Store, hosts: AttachedHosts, conductorName: String, loop: EventLoop, logger: Logger) {
        self.store = store
        self.hosts = hosts
        self.conductorName = conductorName
        self.delivery = DirectiveDelivery()
        self.loop = loop
        self.logger = logger
    }

    /// How long a directive that was not answered rests: longer each time that the operation was taken up.
    package static func directivePause(attempt: UInt32) -> Duration {
        min(.seconds(1 << min(max(attempt, 1) - 1, 6)), directivePauseMax)
    }

    /// Works until `stop()`; then nothing is under way any more and every lease has been given back.
    package func run() async {
        outage = DatabaseOutage(now: .now)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.keepTime() }
            await work()
            group.cancelAll()
        }
        await giveBack(Array(held.values), after: .zero)
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
                var takesMore = true
                while takesMore, !isStopping {
                    let taken = await takeRunnable()
                    takesMore = taken.count == Self.takeCountMax
                    for key in taken.compactMap({ hold($0) }) {
                        group.addTask { await self.step(key) }
                    }
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
        let limit = min(
            Self.steppingCountMax - stepping.count, Self.heldCountMax - held.count, Self.takeCountMax)
        guard limit > 0 else { return [] }
        let fullHosts = Set(stepping.values.compactMap(\.hostID)).filter {
            steppingCount(on: $0) > Self.steppingPerHostMax - Self.takeCountMax
        }
        let began = ContinuousClock.now
        do {
            let taken = try await store.operations.take(
                conductor: conductorName, lease: Leases.operation, limit: limit, exceptOn: Array(fullHosts))
            outage.answered(askedAt: began, now: .now)
            return taken
        } catch {
            if outage.failed(now: .now) {
                logger.warning("operations cannot be taken up at the moment", metadata: ["error": "\(error)"])
            }
            if outage.letsHostsGo(now: .now) {
                hosts.closeAll(reason: "this conductor has lost the database for longer than a host's lease")
            }
            return []
        }
    }

    /// Nil when an older hold of it is still at work: that one finds out by itself, and the lease ends.
    private func hold(_ record: OperationRecord) -> ObjectIdentifier? {
        if let older = held[record.uuid], older.isStepping { return nil }
        let operation = HeldOperation(record, takenAt: .now)
        held[record.uuid] = operation
        stepping[ObjectIdentifier(operation)] = operation
        logger.info(
            "operation taken",
            metadata: metadata(of: record, ["step": "\(record.step)", "attempt": "\(record.attempt)"]))
        return ObjectIdentifier(operation)
    }

    private func step(_ key: ObjectIdentifier) async {
        guard let operation = stepping[key] else { return }
        do {
            try await advance(operation)
        } catch let error as StoreError {
            await recover(operation, from: error)
        } catch {
            logger.error("operation step failed", metadata: metadata(of: operation.record, ["error": "\(error)"]))
            await giveBack(operation, after: Self.retryPause)
        }
        operation.isStepping = false
        stepping[key] = nil
        let leftOnHost = operation.hostID.map { steppingCount(on: $0) }
        if stepping.count == Self.steppingCountMax - 1
            || leftOnHost == Self.steppingPerHostMax - Self.takeCountMax
        {
            bell.ring()
        }
    }

    private func steppingCount(on hostID: ObjectID) -> Int {
        stepping.values.count { $0.hostID == hostID }
    }

    /// Whether one more, which is counted already, may be sent to the host.
    func hasPlace(on hostID: ObjectID) -> Bool {
        steppingCount(on: hostID) <= Self.steppingPerHostMax
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
