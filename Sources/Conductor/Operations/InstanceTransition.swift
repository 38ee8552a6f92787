package import ComputeMessages
internal import ComputeObjects
package import StatorObjects

/// What the end of an operation, or what a host saw, makes of an instance.
///
/// Nil means that the field stays as it is. Pure: whoever applies it decides how it is stored.
package struct InstanceTransition: Equatable, Sendable {
    package var vmState: VMState?
    package var taskState: TaskState?
    package var powerState: PowerState?
    package var launchedAt: Timestamp?
    package var terminatedAt: Timestamp?
    /// The fault to remember.
    package var fault: OperationFailure?
    /// An earlier fault is over.
    package var clearsFault = false
    /// What the instance has claimed on its host becomes free.
    package var releasesClaim = false
    /// The instance is on no host any more.
    package var clearsHost = false

    package init() {}

    package var isEmpty: Bool { self == InstanceTransition() }
}

/// What a host says about an instance beside the outcome.
package struct HostObservation: Equatable, Sendable {
    package var powerState: PowerState?
    package var launchedAt: Timestamp?
    package var terminatedAt: Timestamp?

    package init(powerState: PowerState? = nil, launchedAt: Timestamp? = nil, terminatedAt: Timestamp? = nil) {
        self.powerState = powerState
        self.launchedAt = launchedAt
        self.terminatedAt = terminatedAt
    }
}

extension InstanceTransition {
    /// The operation was carried out.
    package static func succeeded(
        _ kind: OperationKind, observed: HostObservation, now: Timestamp
    ) -> InstanceTransition {
        var transition = InstanceTransition()
        guard let rule = kind.rule else {
            // Of a newer release: what it makes of vm_state only that one knows, but the instance is idle again.
            transition.taskState = TaskState.none
            transition.powerState = observed.powerState
            return transition
        }
        transition.vmState = rule.vmState
        transition.taskState = TaskState.none
        transition.powerState = observed.powerState ?? rule.powerState
        transition.clearsFault = true
        switch kind {
        case .create:
            transition.launchedAt = observed.launchedAt ?? now
        case .delete:
            transition.powerState = .pending
            transition.terminatedAt = observed.terminatedAt ?? now
            transition.releasesClaim = true
        case .start, .stop, .reboot, .rebootHard, .pause, .unpause, .unspecified:
            break
        }
        return transition
    }

    /// The operation was not carried out.
    package static func failed(
        _ kind: OperationKind, failure: OperationFailure, from vmState: VMState, observed: HostObservation
    ) -> InstanceTransition {
        var transition = InstanceTransition()
        transition.taskState = TaskState.none
        transition.powerState = observed.powerState
        transition.fault = failure
        switch kind {
        case .create:
            transition.vmState = .error
            if !failure.guestMayExist {
                transition.powerState = .pending
                transition.releasesClaim = true
                transition.clearsHost = true
            }
        case .delete:
            // Half deleted, perhaps, and half built, if it was: only another delete goes on from here.
            transition.vmState = .error
        case .reboot, .rebootHard:
            if let powerState = observed.powerState, powerState != .running {
                transition.vmState = .error
            }
        case .start, .stop, .pause, .unpause, .unspecified:
            transition.vmState = settled(vmState, powerState: observed.powerState)
        }
        return transition
    }

    /// The conductor ended the operation without a word of the host.
    ///
    /// What the host saw while the operation was under way was only noted: now the vm_state follows it.
    package static func endedUnobserved(
        _ kind: OperationKind, _ end: OperationEnd, from vmState: VMState, powerState: PowerState?, now: Timestamp
    ) -> InstanceTransition {
        var transition = ended(kind, end, from: vmState, observed: HostObservation(), now: now)
        if case .failed = end, transition.vmState == nil {
            transition.vmState = settled(vmState, powerState: powerState)
        }
        return transition
    }

    /// The host saw the instance change by itself.
    ///
    /// While an operation is under way only the power state is noted: the operation's end says the rest.
    package static func observed(
        _ observation: HostObservation, vmState: VMState, taskState: TaskState?
    ) -> InstanceTransition {
        var transition = InstanceTransition()
        if vmState == .deleted { return transition }
        transition.powerState = observation.powerState
        if taskState == TaskState.none {
            transition.vmState = settled(vmState, powerState: observation.powerState)
        }
        return transition
    }

    /// The vm_state that a power state turns an idle instance's into; nil: none other.
    ///
    /// A guest that powered itself off or crashed is stopped, as in Nova; it is not started again.
    private static func settled(_ vmState: VMState, powerState: PowerState?) -> VMState? {
        switch (vmState, powerState) {
        case (.active, .shutdown), (.active, .crashed), (.paused, .shutdown), (.paused, .crashed): .stopped
        case (.stopped, .running), (.paused, .running): .active
        default: nil
        }
    }
}
