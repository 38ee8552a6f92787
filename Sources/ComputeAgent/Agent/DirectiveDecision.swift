package import ComputeMessages
package import StatorObjects
package import StatorWire

/// What is to be done with a directive that has come. Pure: a function of the directive and the record.
package enum DirectiveDecision: Equatable, Sendable {
    /// New: make it durable, then carry it out.
    case accept
    /// It is being carried out, or its report is on its way.
    case alreadyTaken
    /// It ended, and the conductor asks although it has acknowledged the report: tell it again.
    case reportAgain(Report)
    /// The instance is deleted, or is about to be: answer with an outcome, and do nothing.
    case answer(ReportOutcome, String?)
    case refuse(StatusCode, String)

    /// - Parameter acknowledged: Reports up to this number are the conductor's.
    package static func decide(
        _ kind: OperationKind, _ operation: ObjectID, record: InstanceRecord?, acknowledged: UInt64
    ) -> DirectiveDecision {
        if let known = record?.operation(operation) {
            return decide(again: known, record: record, acknowledged: acknowledged)
        }
        guard let record else {
            switch kind {
            case .create, .delete: return .accept
            case .start, .stop, .reboot, .rebootHard, .pause, .unpause, .unspecified:
                return .refuse(.notFound, "this host has no such instance")
            }
        }
        if record.hasPendingDelete, kind != .delete {
            // Behind the delete it would have nothing to work on.
            return .answer(.failed, "the instance is being deleted")
        }
        switch (kind, record.isDeleted) {
        case (.create, true): return .answer(.failed, "the instance was deleted before it was built")
        case (.delete, true): return .answer(.succeeded, nil)
        case (_, true): return .refuse(.notFound, "the instance was deleted from this host")
        case (.create, false):
            return record.hasGuest
                ? .refuse(.alreadyExists, "the instance was built on this host before, by another operation") : .accept
        case (_, false): return .accept
        }
    }

    private static func decide(
        again operation: RecordedOperation, record: InstanceRecord?, acknowledged: UInt64
    ) -> DirectiveDecision {
        switch operation.outcome {
        case nil:
            return .alreadyTaken
        case .superseded:
            return decide(
                superseded: operation.kind, isDeleted: record?.isDeleted ?? false,
                hasPendingDelete: record?.hasPendingDelete ?? false)
        case .reported(let report):
            guard let sequence = operation.sequence, sequence <= acknowledged else { return .alreadyTaken }
            return .reportAgain(report)
        }
    }

    private static func decide(
        superseded kind: OperationKind, isDeleted: Bool, hasPendingDelete: Bool
    ) -> DirectiveDecision {
        if isDeleted {
            return kind == .delete
                ? .answer(.succeeded, nil) : .answer(.failed, "the instance was deleted before the operation ended")
        }
        // Of a build it is not known what is left of it while no delete has succeeded: "failed" would free its claim.
        if hasPendingDelete || kind == .create { return .alreadyTaken }
        return .answer(.failed, "a delete, which failed, interrupted the operation")
    }
}
