package import ComputeMessages
internal import ComputeObjects
package import StatorObjects

/// What a report means to the operation that it names and to its instance.
package struct ReportDecision: Equatable, Sendable {
    /// How the operation ends by it; nil: it goes on, or had ended before.
    package var operationEnd: OperationEnd?
    package var transition: InstanceTransition

    package init(operationEnd: OperationEnd? = nil, transition: InstanceTransition = InstanceTransition()) {
        self.operationEnd = operationEnd
        self.transition = transition
    }
}

/// The operation that a report names, as it is stored.
package struct ReportedOperation: Equatable, Sendable {
    package var kind: OperationKind
    package var state: OperationState

    package init(kind: OperationKind, state: OperationState) {
        self.kind = kind
        self.state = state
    }
}

/// What a report says.
package enum ReportedOutcome: Equatable, Sendable {
    case succeeded
    case failed(OperationFailure)
    case observed
}

extension ReportDecision {
    /// Decides on one report; `operation` is nil when the report names none that is known.
    package static func decide(
        _ outcome: ReportedOutcome, operation: ReportedOperation?, vmState: VMState, taskState: TaskState?,
        observation: HostObservation, now: Timestamp
    ) -> ReportDecision {
        guard let operation, let end = outcome.operationEnd else {
            return ReportDecision(
                transition: .observed(observation, vmState: vmState, taskState: taskState))
        }
        if !operation.state.isFinal {
            return ReportDecision(
                operationEnd: end,
                transition: .ended(operation.kind, end, from: vmState, observed: observation, now: now))
        }
        // The operation has ended already. Of a cancelled or superseded one nothing is taken over but the power
        // state; of one that was given up at its deadline, the instance learns the truth while it is idle.
        if operation.state == .failed, taskState == TaskState.none, vmState != .deleted {
            return ReportDecision(
                transition: .ended(operation.kind, end, from: vmState, observed: observation, now: now))
        }
        return ReportDecision(
            transition: .observed(observation, vmState: vmState, taskState: taskState))
    }
}

extension ReportedOutcome {
    fileprivate var operationEnd: OperationEnd? {
        switch self {
        case .succeeded: .succeeded
        case .failed(let failure): .failed(failure)
        case .observed: nil
        }
    }
}

extension InstanceTransition {
    /// What an operation's end makes of its instance.
    package static func ended(
        _ kind: OperationKind, _ end: OperationEnd, from vmState: VMState, observed: HostObservation, now: Timestamp
    ) -> InstanceTransition {
        switch end {
        case .succeeded: .succeeded(kind, observed: observed, now: now)
        case .failed(let failure): .failed(kind, failure: failure, from: vmState, observed: observed)
        }
    }
}
