package import ComputeMessages
internal import ComputeObjects
internal import StatorObjects

/// Sentences about operations, for progress lines and errors.
package enum Phrase {
    /// "create 'web': running, waiting for the host".
    package static func progress(of operation: Operation) -> String {
        let kind = (operation.kind ?? .unspecified).phrase
        let server = operation.instanceName ?? operation.instanceUuid?.description ?? ""
        return "\(kind) '\(server)': \(stage(of: operation))"
    }

    private static func stage(of operation: Operation) -> String {
        switch operation.state ?? .unspecified {
        case .unspecified: return "begun"
        case .queued: return "queued, \(step(of: operation))"
        case .running: return "running, \(step(of: operation))"
        case .succeeded: return "done"
        case .failed: return "failed"
        case .cancelled: return "cancelled"
        }
    }

    private static func step(of operation: Operation) -> String {
        switch operation.step ?? .unspecified {
        case .unspecified: return "not yet begun"
        case .schedule: return "choosing a host"
        case .direct: return "telling the host"
        case .awaitReport: return "waiting for the host"
        case .done: return "finishing"
        }
    }

    /// Why an operation that has ended was no success; nil for one that was.
    package static func failure(of operation: Operation) -> CommandFailure? {
        let kind = (operation.kind ?? .unspecified).phrase
        let server = operation.instanceName ?? operation.instanceUuid?.description ?? ""
        let id = operation.uuid?.description ?? ""
        switch operation.state ?? .unspecified {
        case .succeeded:
            return nil
        case .failed:
            let reason = operation.fault?.message?.singleLine ?? "no reason was recorded"
            return CommandFailure(
                .operationFailed,
                "\(kind) of server '\(server.singleLine)' failed: \(reason); `stator operation show \(id)` tells more")
        case .cancelled:
            return CommandFailure(
                .operationFailed, "\(kind) of server '\(server.singleLine)' was cancelled by a later operation")
        case .unspecified, .queued, .running:
            return CommandFailure(
                .unreachable,
                "\(kind) of server '\(server.singleLine)' goes on; `stator operation show \(id)` tells how far it is")
        }
    }

    /// What a command says of an operation that it began, and waited for or not: one line.
    package static func outcome(of operation: Operation) -> String {
        let kind = (operation.kind ?? .unspecified).phrase
        let server = (operation.instanceName ?? operation.instanceUuid?.description ?? "").singleLine
        if operation.state == .succeeded {
            return "\(kind) of server '\(server)' is done\n"
        }
        return "\(kind) of server '\(server)' has begun; operation \(operation.uuid?.description ?? "")\n"
    }

    /// What a command says of a server after an operation: "server 'web' is active on host1".
    package static func state(of answer: ServerOperationResponse) -> String {
        guard let instance = answer.instance else { return "" }
        let name = (instance.displayName ?? instance.uuid?.description ?? "").singleLine
        let place = instance.host.map { " on \($0.singleLine)" } ?? ""
        return "server '\(name)' is \(instance.vmState ?? .unspecified)\(place)\n"
    }
}
