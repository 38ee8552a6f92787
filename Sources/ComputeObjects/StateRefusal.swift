package import ComputeMessages
internal import StatorObjects
package import StatorRPC
internal import StatorWire

/// Why an instance's state forbids an operation, in a sentence with the way out.
package struct StateRefusal: Error, Hashable, CustomStringConvertible {
    package enum Code: Sendable, CaseIterable {
        /// vm_state is none of the rule's.
        case wrongState
        /// Another operation is under way.
        case busy
        /// It is being deleted, or is deleted.
        case deleting
        /// It was never placed on a host.
        case noHost
    }

    package let code: Code
    package let message: String

    package var description: String { message }
}

extension StateRefusal: RPCErrorConvertible {
    package var rpcError: RPCError { RPCError(.failedPrecondition, message) }
}

extension OperationRule {
    /// Nil when an instance in these states may begin the operation.
    package func refusal(
        name: String, vmState: VMState, taskState: TaskState, hasHost: Bool
    ) -> StateRefusal? {
        refusal(name: name, vmState: StateNumber(vmState), taskState: StateNumber(taskState), hasHost: hasHost)
    }

    /// The same for states of which some may be a newer release's.
    package func refusal(
        name: String, vmState vmNumber: StateNumber<VMState>, taskState taskNumber: StateNumber<TaskState>,
        hasHost: Bool
    ) -> StateRefusal? {
        if vmNumber.state == .deleted {
            return StateRefusal(code: .deleting, message: "server '\(name)' is deleted")
        }
        if taskNumber.state == .deleting {
            return StateRefusal(code: .deleting, message: "server '\(name)' is being deleted")
        }
        if !(taskNumber.state.map(taskStates.contains) ?? allowsNewerStates) {
            return StateRefusal(
                code: .busy,
                message: "server '\(name)' is busy (\(taskNumber)); try again when that has ended")
        }
        if !(vmNumber.state.map(vmStates.contains) ?? allowsNewerStates) {
            return StateRefusal(
                code: .wrongState,
                message: "server '\(name)' is \(vmNumber); \(kind.phrase) is possible when it is \(vmStatesText)")
        }
        if needsHost && !hasHost {
            return StateRefusal(
                code: .noHost,
                message: "server '\(name)' was never placed on a host, so it can only be deleted")
        }
        return nil
    }

    /// The same for an instance as it is stored; fields that are not set count as an idle, unplaced instance's.
    package func refusal(for instance: Instance) -> StateRefusal? {
        refusal(
            name: instance.displayName ?? instance.uuid?.description ?? "",
            vmState: instance.vmState ?? .unspecified,
            taskState: instance.taskState ?? TaskState.none,
            hasHost: instance.hostId != nil)
    }

    /// "active, stopped or error", in the order of the states' numbers.
    private var vmStatesText: String {
        let names = vmStates.sorted { $0.rawValue < $1.rawValue }.map(\.description)
        guard let last = names.last else { return "new" }
        if names.count == 1 { return last }
        return names.dropLast().joined(separator: ", ") + " or " + last
    }
}
