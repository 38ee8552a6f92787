package import ComputeMessages
package import StatorObjects

/// What a conductor must know of an operation in order to go on with it.
package struct OperationView: Equatable, Sendable {
    package var kind: OperationKind
    package var step: OperationStep
    package var deadline: Timestamp
    /// A directive was about to be sent at least once, so a host may have it.
    package var wasDirected: Bool
    /// Where the instance is placed; nil: nowhere.
    package var hostID: ObjectID?
    /// That host is attached here, or its lease is not over.
    package var isHostUp: Bool

    package init(
        kind: OperationKind, step: OperationStep, deadline: Timestamp, wasDirected: Bool, hostID: ObjectID?,
        isHostUp: Bool = true
    ) {
        self.kind = kind
        self.step = step
        self.deadline = deadline
        self.wasDirected = wasDirected
        self.hostID = hostID
        self.isHostUp = isHostUp
    }
}
