internal import ComputeMessages
internal import StatorObjects

/// Applies one report of a host inside the transaction that counts it as applied.
struct ReportApplication {
    /// The host that reports, as its certificate says.
    let host: ObjectID

    /// Throws `.forbidden` for an instance that is not this host's; then nothing of the batch is applied.
    func apply(_ report: Report, in transaction: StoreTransaction) async throws {
        let reference = "report \(report.sequence ?? 0)"
        guard let uuid = report.instance?.uuid else {
            throw ConductorError(.invalid, "\(reference) names no instance")
        }
        guard let instance = try await transaction.instances.get(uuid, lock: true), isOwn(instance) else {
            throw ConductorError(.forbidden, "\(reference) is about instance \(uuid), which is not placed on this host")
        }
        let operation = try await operation(of: report, instance: instance, transaction)
        // Taken off this host already: nothing that the host says about it counts any more.
        if instance.hostID == nil { return }

        let now = report.reportedAt ?? instance.updatedAt
        let decision = ReportDecision.decide(
            try outcome(of: report, reference),
            operation: operation.map { ReportedOperation(kind: $0.kind, state: $0.state) },
            vmState: instance.vmState, taskState: instance.taskState,
            observation: HostObservation(
                powerState: report.instance?.powerState, launchedAt: report.instance?.launchedAt,
                terminatedAt: report.instance?.terminatedAt),
            now: now)
        if let operation, let end = decision.operationEnd {
            _ = try await transaction.operations.finish(operation, OperationOutcome(end, at: now))
        }
        try await transaction.apply(decision.transition, to: instance, at: now)
    }

    /// An instance whose build failed here is on no host any more, yet what its last host still says about it must
    /// not stop that host's journal for ever. Such an instance waits for no placement, and nothing is written to it.
    private func isOwn(_ instance: InstanceRecord) -> Bool {
        switch instance.hostID {
        case host: true
        case nil: instance.vmState == .error || instance.isDeleted
        default: false
        }
    }

    private func operation(
        of report: Report, instance: InstanceRecord, _ transaction: StoreTransaction
    ) async throws -> OperationRecord? {
        guard let id = report.operationId, let operation = try await transaction.operations.get(id) else { return nil }
        guard operation.instanceUUID == instance.uuid else {
            throw ConductorError(.forbidden, "operation \(id) is not one of instance \(instance.uuid)")
        }
        return operation
    }

    private func outcome(of report: Report, _ reference: String) throws(ConductorError) -> ReportedOutcome {
        switch report.outcome {
        case .succeeded: .succeeded
        case .failed: .failed(OperationFailure(reported: report.fault))
        case .observed: .observed
        case .unspecified, nil: throw ConductorError(.invalid, "\(reference) has no outcome")
        }
    }
}
