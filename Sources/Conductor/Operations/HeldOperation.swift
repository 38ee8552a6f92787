internal import StatorObjects

/// An operation whose lease this conductor holds. Belongs to the engine's actor.
final class HeldOperation {
    /// As it was last read or written.
    var record: OperationRecord
    var machine = OperationStateMachine()
    /// Where its instance is placed, once that is known.
    var hostID: ObjectID?
    /// The attachment over which the directive went out.
    var attachmentNumber: Int64?
    /// A task is at work on it; otherwise it waits for a report.
    var isStepping = true
    let takenAt: ContinuousClock.Instant

    init(_ record: OperationRecord, takenAt: ContinuousClock.Instant) {
        self.record = record
        hostID = record.hostID
        self.takenAt = takenAt
    }

    var id: ObjectID { record.uuid }
}
