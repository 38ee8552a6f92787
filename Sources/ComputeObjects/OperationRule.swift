package import ComputeMessages

/// From which states an operation may be begun, and what it makes of them.
package struct OperationRule: Hashable, Sendable {
    package let kind: OperationKind
    /// An instance in any other vm_state refuses the operation; none: it begins with no instance.
    package let vmStates: Set<VMState>
    /// The same for task_state.
    package let taskStates: Set<TaskState>
    /// True when it may begin also in states that only a newer release knows: deleting is always a way out.
    package var allowsNewerStates = false
    /// True when only a host can do it, so that an instance without one refuses it.
    package let needsHost: Bool
    /// task_state from the beginning of the operation to its end.
    package let taskState: TaskState
    /// vm_state when it has succeeded.
    package let vmState: VMState
    /// power_state that the host is to report when it has succeeded; nil: it has none any more.
    package let powerState: PowerState?
}

extension OperationRule {
    /// No other operation is under way.
    private static let idle: Set<TaskState> = [TaskState.none]

    package static let create = OperationRule(
        kind: .create, vmStates: [], taskStates: [], needsHost: false,
        taskState: .scheduling, vmState: .active, powerState: .running)

    /// Possible while anything else is under way, which it cancels; only not twice.
    package static let delete = OperationRule(
        kind: .delete, vmStates: [.building, .active, .stopped, .error, .paused],
        taskStates: Set(TaskState.allCases).subtracting([.deleting]), allowsNewerStates: true, needsHost: false,
        taskState: .deleting, vmState: .deleted, powerState: nil)

    package static let start = OperationRule(
        kind: .start, vmStates: [.stopped], taskStates: idle, needsHost: true,
        taskState: .poweringOn, vmState: .active, powerState: .running)

    /// Also from error: whatever went wrong, a guest that may run can be stopped.
    package static let stop = OperationRule(
        kind: .stop, vmStates: [.active, .error], taskStates: idle, needsHost: true,
        taskState: .poweringOff, vmState: .stopped, powerState: .shutdown)

    package static let reboot = OperationRule(
        kind: .reboot, vmStates: [.active], taskStates: idle, needsHost: true,
        taskState: .rebooting, vmState: .active, powerState: .running)

    /// Like pulling the plug, so it is also the way out of stopped and error.
    package static let rebootHard = OperationRule(
        kind: .rebootHard, vmStates: [.active, .stopped, .error, .paused], taskStates: idle, needsHost: true,
        taskState: .rebootingHard, vmState: .active, powerState: .running)

    package static let pause = OperationRule(
        kind: .pause, vmStates: [.active], taskStates: idle, needsHost: true,
        taskState: .pausing, vmState: .paused, powerState: .paused)

    package static let unpause = OperationRule(
        kind: .unpause, vmStates: [.paused], taskStates: idle, needsHost: true,
        taskState: .unpausing, vmState: .active, powerState: .running)

    /// Every rule, in the order of the kinds.
    package static let all: [OperationRule] = [create, delete, start, stop, reboot, rebootHard, pause, unpause]
}

extension OperationKind {
    /// Nil for a kind that this release does not know.
    package var rule: OperationRule? {
        switch self {
        case .unspecified: return nil
        case .create: return .create
        case .delete: return .delete
        case .start: return .start
        case .stop: return .stop
        case .reboot: return .reboot
        case .rebootHard: return .rebootHard
        case .pause: return .pause
        case .unpause: return .unpause
        }
    }

    /// Whether a hypervisor process is begun by it, which takes everything that the guest is given; a guest that powers
    /// off when it is asked to reboot is started anew.
    package var startsGuest: Bool {
        switch self {
        case .create, .start, .reboot, .rebootHard: true
        case .delete, .stop, .pause, .unpause, .unspecified: false
        }
    }

    /// What must be open before it is begun; nil: every release knows it.
    package var gate: FeatureGate? {
        switch self {
        // Only the way in: whoever is paused can be let go on whatever comes to the fleet.
        case .pause: .pause
        case .unspecified, .create, .delete, .start, .stop, .reboot, .rebootHard, .unpause: nil
        }
    }

    /// As a sentence says it: "hard reboot".
    package var phrase: String {
        switch self {
        case .unspecified: return "operation"
        case .create: return "create"
        case .delete: return "delete"
        case .start: return "start"
        case .stop: return "stop"
        case .reboot: return "reboot"
        case .rebootHard: return "hard reboot"
        case .pause: return "pause"
        case .unpause: return "unpause"
        }
    }
}

extension OperationState {
    /// True when nothing will change it any more.
    package var isFinal: Bool {
        switch self {
        case .succeeded, .failed, .cancelled: return true
        case .unspecified, .queued, .running: return false
        }
    }
}
