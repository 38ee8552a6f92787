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
    /// The instance is deleted: answer with an outcome, and do nothing.
    case answer(ReportOutcome, String?)
    case refuse(StatusCode, String)

    /// - Parameter acknowledged: Reports up to this number are the conductor's.
    package static func decide(
        _ kind: OperationKind, _ operation: ObjectID, record: InstanceRecord?, acknowledged: UInt64
    ) -> DirectiveDecision {
        if let known = record?.operation(operation) {
            return decide(again: known, isDeleted: record?.isDeleted ?? false, acknowledged: acknowledged)
        }
        guard let record else {
            switch kind {
            case .create, .delete: return .accept
            case .start, .stop, .reboot, .rebootHard, .unspecified:
                return .refuse(.notFound, "this host has no such instance")
            }
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
        again operation: RecordedOperation, isDeleted: Bool, acknowledged: UInt64
    ) -> DirectiveDecision {
        switch operation.outcome {
        case nil:
            return .alreadyTaken
        case .superseded:
            return isDeleted ? .answer(.failed, "the instance was deleted before the operation ended") : .alreadyTaken
        case .reported(let report):
            guard let sequence = operation.sequence, sequence <= acknowledged else { return .alreadyTaken }
            return .reportAgain(report)
        }
    }
}
