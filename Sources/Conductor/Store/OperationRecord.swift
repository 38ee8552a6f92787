package import ComputeMessages
package import ComputeObjects
package import StatorObjects

/// A row of `operations`: the durable record of something that was asked for.
package struct OperationRecord: Sendable, Equatable {
    package var uuid: ObjectID
    /// By their numbers: a newer release may have written one that this one does not know.
    package var kindNumber: StateNumber<OperationKind>
    package var stateNumber: StateNumber<OperationState>
    package var stepNumber: StateNumber<OperationStep>
    package var instanceUUID: ObjectID
    package var instanceName: String
    package var userID: String
    /// How often a conductor has taken it up.
    package var attempt: UInt32
    /// The conductor that holds its lease; nil: none.
    package var conductor: String?
    package var leaseUntil: Timestamp?
    package var deadline: Timestamp
    /// When a directive for it was first about to be sent; nil: certainly no host knows of it.
    package var directedAt: Timestamp?
    package var fault: Fault?
    package var createdAt: Timestamp
    package var finishedAt: Timestamp?
    package var generation: Int64
    /// Where its instance was placed when this was read.
    package var hostID: ObjectID?
    /// The database's time when this was read; deadlines and leases are compared with it, never with a host's clock.
    package var readAt: Timestamp

    /// Unspecified, like the two below, when only a newer release knows it.
    package var kind: OperationKind { kindNumber.state ?? .unspecified }
    package var state: OperationState { stateNumber.state ?? .unspecified }
    package var step: OperationStep { stepNumber.state ?? .unspecified }
    package var isFinished: Bool { step == .done }
    package var isPastDeadline: Bool { deadline <= readAt }
    /// From its creation to the moment of reading.
    package var age: Duration {
        .microseconds(readAt.microsecondsSinceEpoch - createdAt.microsecondsSinceEpoch)
    }
    /// From the moment of reading until the deadline; zero when it has passed.
    package var remainingTime: Duration {
        .microseconds(max(0, deadline.microsecondsSinceEpoch - readAt.microsecondsSinceEpoch))
    }
}

/// What is to be written as a new operation: queued, attempt 0, generation 1.
package struct NewOperation: Sendable {
    package var uuid: ObjectID
    package var kind: OperationKind
    package var step: OperationStep
    package var instanceUUID: ObjectID
    package var instanceName: String
    package var userID: String
    /// The caller's idempotency key (16 bytes as an id); nil: none, every request is a new one.
    package var idempotencyKey: ObjectID?
    /// What was asked for, hashed (any length up to 64 bytes): tells a repeat from another request under the same key.
    package var requestDigest: [UInt8]
    /// From now (database time) to the deadline.
    package var timeout: Duration

    package init(
        uuid: ObjectID = .random(),
        kind: OperationKind,
        step: OperationStep,
        instanceUUID: ObjectID,
        instanceName: String,
        userID: String,
        idempotencyKey: ObjectID? = nil,
        requestDigest: [UInt8] = [],
        timeout: Duration
    ) {
        self.uuid = uuid
        self.kind = kind
        self.step = step
        self.instanceUUID = instanceUUID
        self.instanceName = instanceName
        self.userID = userID
        self.idempotencyKey = idempotencyKey
        self.requestDigest = requestDigest
        self.timeout = timeout
    }
}

/// What became of a request to begin an operation.
package enum OperationBeginning: Sendable {
    case begun(OperationRecord, InstanceRecord)
    /// The same request was made before with this idempotency key: its operation, and the instance as it is now.
    case repeated(OperationRecord, InstanceRecord)
}

/// How an operation ends.
package enum OperationOutcome: Sendable {
    case succeeded
    case failed(Fault)
    case cancelled(Fault?)
}
