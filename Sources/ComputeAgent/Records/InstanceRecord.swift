package import ComputeMessages
package import StatorObjects

/// What the host durably knows of one instance: the object as last directed, what was asked, and what became of it.
package struct InstanceRecord: Equatable, Sendable {
    /// So many operations are remembered, so that a late repeat of one is recognised.
    package static let operationCountMax = 32

    package let id: ObjectID
    /// As the newest directive carried it; nil once deleted.
    package var instance: Instance?
    /// What the newest operation wants the guest to be.
    package var wantsRunning: Bool
    /// What the conductor was last told; nil before the first report.
    package var reportedPower: PowerState?
    package var launchedAt: Timestamp?
    /// Set on a tombstone: nothing brings the instance back.
    package var deletedAt: Timestamp?
    /// Oldest first.
    package var operations: [RecordedOperation] = []

    package init(id: ObjectID, instance: Instance?) {
        self.id = id
        self.instance = instance
        wantsRunning = false
    }

    package var isDeleted: Bool { deletedAt != nil }

    /// Whether there is a guest, running or not, that is to be watched.
    package var hasGuest: Bool { launchedAt != nil && deletedAt == nil }

    /// Whether nothing of the instance is here any more nor asked for: it was deleted, or never built.
    package var isOver: Bool { !hasGuest && pendingOperations.isEmpty }

    /// When the newest outcome was reported; for forgetting the oldest first.
    package var lastReportedAt: Timestamp {
        let times = operations.compactMap { operation -> Timestamp? in
            guard case .reported(let report) = operation.outcome else { return nil }
            return report.reportedAt
        }
        return max(
            deletedAt ?? Timestamp(microsecondsSinceEpoch: 0), times.max() ?? Timestamp(microsecondsSinceEpoch: 0))
    }

    package func operation(_ id: ObjectID) -> RecordedOperation? {
        operations.last { $0.id == id }
    }

    /// The operations that are still to be carried out, in order.
    package var pendingOperations: [RecordedOperation] {
        operations.filter { $0.outcome == nil }
    }

    /// Whether a delete is still to be carried out.
    package var hasPendingDelete: Bool {
        operations.contains { $0.kind == .delete && $0.outcome == nil }
    }

    /// Takes a directive in; a delete supersedes everything that is still pending.
    package mutating func take(_ operation: RecordedOperation, instance: Instance) {
        if operation.kind == .delete {
            for index in operations.indices where operations[index].outcome == nil {
                operations[index].outcome = .superseded
            }
        }
        operations.append(operation)
        if operations.count > Self.operationCountMax,
            let oldest = operations.firstIndex(where: { $0.outcome != nil })
        {
            operations.remove(at: oldest)
        }
        self.instance = instance
        switch operation.kind {
        case .create, .start, .reboot, .rebootHard: wantsRunning = true
        case .stop, .delete: wantsRunning = false
        case .pause, .unpause, .unspecified: break
        }
    }

    /// The record without a directive that could not be made durable, but with all that came after it; nil when
    /// nothing is left.
    ///
    /// - Parameter before: The record before the directive was taken in.
    package func reverting(_ operation: ObjectID, to before: InstanceRecord?) -> InstanceRecord? {
        var record = self
        let isNewest = operations.last?.id == operation
        record.operations.removeAll { $0.id == operation }
        if record.operations.isEmpty, record.launchedAt == nil, !record.isDeleted { return nil }
        guard let before else { return record }
        if isNewest {
            record.instance = before.instance
            record.wantsRunning = before.wantsRunning
        }
        guard !record.hasPendingDelete else { return record }
        for pending in before.pendingOperations where record.operation(pending.id)?.outcome == .superseded {
            record.update(pending.id) { $0.outcome = nil }
        }
        return record
    }

    package mutating func update(_ id: ObjectID, _ change: (inout RecordedOperation) -> Void) {
        guard let index = operations.lastIndex(where: { $0.id == id }) else { return }
        change(&operations[index])
    }
}

/// One directive, and how it ended.
package struct RecordedOperation: Equatable, Sendable {
    package enum Outcome: Equatable, Sendable {
        /// As it was reported, or is about to be; without its number in the journal.
        case reported(Report)
        /// A delete made it pointless before it ended; the conductor had cancelled it.
        case superseded
    }

    package let id: ObjectID
    package let kind: OperationKind
    /// Nil while it is pending.
    package var outcome: Outcome?
    /// The report's number in the journal; nil while it is not there.
    package var sequence: UInt64?
    /// Set before the first act that cannot be repeated without the user noticing: a reboot.
    package var isBegun = false

    package init(id: ObjectID, kind: OperationKind, outcome: Outcome? = nil, sequence: UInt64? = nil) {
        self.id = id
        self.kind = kind
        self.outcome = outcome
        self.sequence = sequence
    }
}
