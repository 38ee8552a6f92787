package import ComputeMessages
internal import ComputeObjects
internal import Logging
internal import StatorObjects
package import StatorReactor
internal import StatorRPC
internal import StatorWire

/// The instances of this host: takes directives durably, carries them out one after the other for each instance,
/// and reports how they ended.
///
/// Pinned to the agent's loop. In-memory records change only here, and every change goes to the disk in the order
/// in which it was made, through one queue.
package actor InstanceOperations {
    enum Work: Equatable {
        case operation(ObjectID, isRecovered: Bool)
        /// Look at the guest and report it if it differs from what was reported; `force`: report it anyway.
        case observe(force: Bool)
    }

    package nonisolated let loop: EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    let runner: OperationRunner
    let store: RecordStore
    let reports: ReportWriter
    let logger: Logger
    var files: BlockingQueue { reports.files }

    var records: [ObjectID: InstanceRecord] = [:]
    /// What is still to be done for each instance that is being worked on.
    private var queues: [ObjectID: [Work]] = [:]
    /// The operation that is being carried out just now, so that a delete can interrupt it.
    private var running: [ObjectID: Task<OperationResult, Never>] = [:]
    private var isStopping = false
    private let workers: AsyncStream<ObjectID>
    private let workersContinuation: AsyncStream<ObjectID>.Continuation
    /// Calls to the conductor made by the builds so far; stays zero.
    package private(set) var buildConductorCalls = 0
    package private(set) var buildCount = 0
    var sweepCount = 0

    init(loop: EventLoop, runner: OperationRunner, store: RecordStore, reports: ReportWriter, logger: Logger) {
        self.loop = loop
        self.runner = runner
        self.store = store
        self.reports = reports
        self.logger = logger
        (workers, workersContinuation) = AsyncStream.makeStream()
    }

    /// Works until `stop()`, and then until what is being carried out has ended or the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await id in workers {
                group.addTask { await self.work(on: id) }
            }
        }
    }

    /// Takes nothing new. What is pending and not begun stays on the disk for the next start.
    func stop() {
        isStopping = true
        workersContinuation.finish()
    }

    func isBusy(_ id: ObjectID) -> Bool { queues[id] != nil }

    func enqueue(_ work: Work, for id: ObjectID) {
        guard !isStopping else { return }
        if queues[id] == nil {
            queues[id] = [work]
            workersContinuation.yield(id)
        } else if queues[id]?.contains(work) == false {
            queues[id]?.append(work)
        }
    }

    private func work(on id: ObjectID) async {
        while !isStopping, !Task.isCancelled, let work = queues[id]?.first {
            queues[id]?.removeFirst()
            switch work {
            case .operation(let operation, let isRecovered):
                await carryOut(operation, for: id, isRecovered: isRecovered)
            case .observe(let force):
                await observe(id, force: force)
            }
        }
        queues[id] = nil
    }

    // MARK: Taking directives

    /// Takes a directive; true: it is durable and will be carried out, false: it was taken before.
    package func execute(_ directive: Directive) async throws -> Bool {
        guard !isStopping else { throw RPCError(.unavailable, "this host is stopping") }
        guard let operation = directive.operationId, let kind = directive.kind, kind != .unspecified,
            let instance = directive.instance, let id = instance.uuid
        else {
            throw RPCError(.invalidArgument, "the directive lacks its operation_id, kind or instance")
        }
        let journal = reports.journal
        let acknowledged = await files.run { journal.acknowledgedThrough }
        let decision = DirectiveDecision.decide(
            kind, operation, record: records[id], acknowledged: acknowledged)
        switch decision {
        case .accept:
            try await accept(RecordedOperation(id: operation, kind: kind), instance, id)
            return true
        case .alreadyTaken:
            // It may have come a moment ago and not be on the disk yet.
            await files.run {}
            guard records[id]?.operation(operation) != nil else {
                throw RPCError(.unavailable, "the directive could not be written to this host's disk")
            }
            return false
        case .reportAgain(let report):
            try await write(again: report, operation: operation, id)
            return false
        case .answer(let outcome, let reason):
            let report = reports.report(
                outcome, operation: operation, instance: id, powerState: nil,
                terminatedAt: records[id]?.deletedAt, fault: reason.map { DriverError(.cancelled, $0).fault })
            try await write(again: report, operation: operation, id)
            return false
        case .refuse(let code, let message):
            throw RPCError(code, message)
        }
    }

    /// Makes the directive durable, then lets it be carried out.
    private func accept(_ operation: RecordedOperation, _ instance: Instance, _ id: ObjectID) async throws {
        let before = records[id]
        var record = before ?? InstanceRecord(id: id, instance: nil)
        record.take(operation, instance: instance)
        records[id] = record
        let store = store
        do throws(AgentError) {
            try await files.run { [record] () throws(AgentError) in try store.write(record) }
        } catch {
            revert(operation.id, to: before, id)
            throw RPCError(.unavailable, "the directive could not be written to this host's disk: \(error)")
        }
        logger.info("accepted", metadata: Self.metadata(operation.kind, operation.id, id))
        if operation.kind == .delete { running[id]?.cancel() }
        enqueue(.operation(operation.id, isRecovered: false), for: id)
    }

    /// Takes back what could not be written, but nothing that changed meanwhile.
    private func revert(_ operation: ObjectID, to before: InstanceRecord?, _ id: ObjectID) {
        guard let current = records[id] else { return }
        let reverted = current.reverting(operation, to: before)
        records[id] = reverted
        for pending in reverted?.pendingOperations ?? [] where current.operation(pending.id)?.outcome != nil {
            enqueue(.operation(pending.id, isRecovered: true), for: id)
        }
    }

    /// Answers a directive that is not to be carried out; the answer is durable when this returns.
    private func write(again report: Report, operation: ObjectID, _ id: ObjectID) async throws {
        guard let sequence = await reports.write(report) else {
            throw RPCError(.unavailable, "the outcome could not be written to this host's disk")
        }
        records[id]?.update(operation) { recorded in
            if case .reported = recorded.outcome { recorded.sequence = sequence }
        }
    }

    // MARK: Carrying out

    private func carryOut(_ operation: ObjectID, for id: ObjectID, isRecovered: Bool) async {
        guard let recorded = records[id]?.operation(operation), recorded.outcome == nil,
            let instance = records[id]?.instance
        else { return }
        var recovery = RecoveryDecision.carryOut
        if isRecovered {
            let powerState = try? await runner.driver.powerState(of: id)
            recovery = RecoveryDecision.decide(recorded.kind, isBegun: recorded.isBegun, powerState: powerState)
        }
        if recorded.kind == .reboot || recorded.kind == .rebootHard {
            records[id]?.update(operation) { $0.isBegun = true }
            guard await persist(id) else { return }
        }
        // A delete may have come during the waits above.
        guard records[id]?.operation(operation)?.outcome == nil else { return }
        let result = await run(recorded.kind, instance, id, recovery)
        guard records[id]?.operation(operation)?.outcome == nil else {
            logger.info("superseded by a delete", metadata: Self.metadata(recorded.kind, operation, id))
            // The guest is there until the delete succeeds; it may fail.
            if case .succeeded = result, recorded.kind == .create, records[id]?.launchedAt == nil {
                records[id]?.launchedAt = Timestamp.now()
            }
            return
        }
        await end(recorded, id, result)
    }

    private func run(
        _ kind: OperationKind, _ instance: Instance, _ id: ObjectID, _ recovery: RecoveryDecision
    ) async -> OperationResult {
        let runner = runner
        let counter = ConductorCallCounter()
        let task = Task(executorPreference: loop) {
            await ConductorCallCounter.$current.withValue(counter) {
                await runner.run(kind, instance, recovery: recovery)
            }
        }
        running[id] = task
        let result = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        running[id] = nil
        if kind == .create {
            buildCount += 1
            buildConductorCalls += counter.count
            logger.info(
                "built with \(counter.count) calls to the conductor", metadata: ["instance": "\(id)"])
        }
        return result
    }

    /// Writes down how an operation ended, first in its record, then for the conductor.
    private func end(_ operation: RecordedOperation, _ id: ObjectID, _ result: OperationResult) async {
        guard var record = records[id], let report = record.end(operation, result, reports) else {
            logger.info(
                "interrupted; the next start goes on", metadata: Self.metadata(operation.kind, operation.id, id))
            return
        }
        record.update(operation.id) { $0.outcome = .reported(report) }
        records[id] = record
        guard await persist(id), let sequence = await reports.write(report) else { return }
        records[id]?.update(operation.id) { $0.sequence = sequence }
        // The number only saves a repeated report after a restart.
        _ = await persist(id)
        var metadata = Self.metadata(operation.kind, operation.id, id)
        metadata["report"] = "\(sequence)"
        logger.info(report.outcome == .succeeded ? "done" : "failed", metadata: metadata)
        await forgetOldest()
    }

    /// Writes an instance's record as it is now; false only when the task is cancelled before the disk takes it.
    func persist(_ id: ObjectID) async -> Bool {
        let store = store
        let done: Void? = await reports.retrying("write the record of \(id)") { () throws(AgentError) in
            guard let record = records[id] else { return }
            try await files.run { () throws(AgentError) in try store.write(record) }
        }
        return done != nil
    }

    private func forgetOldest() async {
        let journal = reports.journal
        let store = store
        let acknowledged = await files.run { journal.acknowledgedThrough }
        for id in RecordStore.forgettable(records.values, acknowledged: acknowledged) where queues[id] == nil {
            records[id] = nil
            // One that cannot be removed is forgotten at a later start.
            try? await files.run { () throws(AgentError) in try store.remove(id) }
        }
    }

    static func metadata(_ kind: OperationKind, _ operation: ObjectID, _ id: ObjectID) -> Logger.Metadata {
        ["operation": "\(operation)", "kind": "\(kind)", "instance": "\(id)"]
    }
}

extension InstanceRecord {
    /// Takes in how an operation ended, and makes its report; nil when it was interrupted.
    mutating func end(_ operation: RecordedOperation, _ result: OperationResult, _ reports: ReportWriter) -> Report? {
        switch result {
        case .interrupted:
            return nil
        case .succeeded(let powerState):
            let now = Timestamp.now()
            switch operation.kind {
            case .create:
                launchedAt = now
            case .start, .reboot, .rebootHard, .unpause:
                // A build that a delete superseded, which then failed, has left a guest of which no build told.
                launchedAt = launchedAt ?? now
            case .delete:
                deletedAt = now
                instance = nil
            case .stop, .pause, .unspecified:
                break
            }
            reportedPower = operation.kind == .delete ? nil : powerState
            return reports.report(
                .succeeded, operation: operation.id, instance: id, powerState: powerState,
                launchedAt: operation.kind == .create ? launchedAt : nil, terminatedAt: deletedAt)
        case .failed(let error, let powerState):
            if let powerState { reportedPower = powerState }
            // What survives its delete is watched on, whether its build had ended or not.
            if operation.kind == .delete, powerState != nil { launchedAt = launchedAt ?? Timestamp.now() }
            return reports.report(
                .failed, operation: operation.id, instance: id, powerState: powerState, fault: error.fault)
        }
    }
}
