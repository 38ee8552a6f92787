package import ComputeMessages

/// How an operation that was pending when the agent ended is carried on. Pure; the table of Nova's `_init_instance`,
/// with its "ERROR, clear task" replaced by carrying on, since the operation is durable and still wanted.
package enum RecoveryDecision: Equatable, Sendable {
    /// As if it had come just now: what it does may be repeated.
    case carryOut
    /// What was begun is undone, and everything done again.
    case buildAgain
    /// What was asked for is so.
    case succeeded
    /// A half-done reboot ends as a hard one.
    case reset

    package static func decide(_ kind: OperationKind, isBegun: Bool, powerState: PowerState?) -> RecoveryDecision {
        switch kind {
        case .create:
            return powerState == .running ? .succeeded : .buildAgain
        case .delete, .start, .stop, .pause, .unpause, .unspecified:
            return .carryOut
        case .reboot:
            // Nova calls a running guest rebooted; but one that was only asked to power off may still do so.
            return isBegun ? .reset : .carryOut
        case .rebootHard:
            // That it runs does not say that it was reset: the agent may have ended before. A second reset is harmless.
            return isBegun ? .reset : .carryOut
        }
    }
}
