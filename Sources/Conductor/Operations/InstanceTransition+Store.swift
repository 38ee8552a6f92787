internal import ComputeMessages
internal import ComputeObjects
internal import StatorObjects
internal import StatorWire

extension StoreTransaction {
    /// Writes a transition; the instance is to have been read with its lock in this transaction.
    func apply(_ transition: InstanceTransition, to instance: InstanceRecord, at now: Timestamp) async throws {
        let changes = transition.changes(of: instance, at: now)
        if !changes.isEmpty {
            try await instances.update(
                instance.uuid, guard: InstanceGuard(generation: instance.generation, allowsDeleted: true),
                changes)
        }
        if transition.releasesClaim {
            _ = try await hosts.releaseClaim(instance: instance.uuid)
        }
    }
}

extension InstanceTransition {
    /// Only what becomes different: a report that says nothing new writes nothing.
    func changes(of instance: InstanceRecord, at now: Timestamp) -> [InstanceChange] {
        var changes: [InstanceChange] = []
        if let vmState, vmState != instance.vmState { changes.append(.vmState(vmState)) }
        if let taskState, taskState != instance.taskState { changes.append(.taskState(taskState)) }
        if let powerState, powerState != instance.powerState { changes.append(.powerState(powerState)) }
        if let launchedAt { changes.append(.launchedAt(launchedAt)) }
        if let terminatedAt { changes.append(.terminatedAt(terminatedAt)) }
        if let fault {
            changes.append(.fault(Fault(fault, at: now)))
        } else if clearsFault, instance.fault != nil {
            changes.append(.fault(nil))
        }
        if clearsHost, instance.hostID != nil { changes.append(.hostID(nil)) }
        return changes
    }
}

extension Fault {
    private static let messageByteCountMax = 1024
    private static let detailsByteCountMax = 16_384

    /// A failure as a record keeps it, cut to what a record may hold.
    init(_ failure: OperationFailure, at now: Timestamp) {
        self.init()
        code = UInt32(failure.code.rawValue)
        message = failure.message.singleLine.prefix(byteCountMax: Self.messageByteCountMax)
        details = failure.details?.prefix(byteCountMax: Self.detailsByteCountMax)
        createdAt = now
    }
}

extension OperationFailure {
    /// What a host's report says; a report of a failure says that what was begun is undone.
    init(reported fault: Fault?) {
        self.init(
            fault?.code.flatMap { StatusCode(rawValue: .init(truncatingIfNeeded: $0)) } ?? .unknown,
            fault?.message ?? "the host gave no reason", details: fault?.details)
    }
}

extension OperationOutcome {
    init(_ end: OperationEnd, at now: Timestamp) {
        switch end {
        case .succeeded: self = .succeeded
        case .failed(let failure): self = .failed(Fault(failure, at: now))
        }
    }
}
