package import ComputeMessages

/// What to do about one instance that the conductor places here, or that is here. Pure.
package enum Reconciliation: Equatable, Sendable {
    case nothing
    /// Conductor and guest differ, and nobody is about to say so: report what the guest is.
    case reportObserved
    /// Here, and not the conductor's: left alone, since only an explicit record may end a guest.
    case warnUnlisted

    /// - Parameters:
    ///   - listed: The instance as the conductor has it; nil when it does not place it here.
    ///   - local: What the guest is; nil when there is none.
    ///   - isBusy: Whether an operation is under way here or a report is still to be sent.
    package static func decide(listed: Instance?, local: PowerState?, isBusy: Bool) -> Reconciliation {
        guard let listed else { return local == nil || isBusy ? .nothing : .warnUnlisted }
        guard !isBusy, (listed.taskState ?? TaskState.none) == TaskState.none else { return .nothing }
        switch listed.vmState {
        case .active, .stopped:
            let guest = local ?? .crashed
            // Also when that was reported before: the conductor took it in, and lists the instance as active again.
            if listed.vmState == .active, guest == .shutdown || guest == .crashed { return .reportObserved }
            if listed.powerState == guest { return .nothing }
            // A stopped instance may have any power state but a running one; what it died of is history.
            return listed.vmState == .stopped && guest != .running ? .nothing : .reportObserved
        case .paused:
            return local == .paused ? .nothing : .reportObserved
        case .building, .error, .deleted, .unspecified, nil:
            return .nothing
        }
    }
}
