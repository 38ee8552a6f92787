internal import ComputeMessages
internal import Logging
internal import StatorObjects
internal import StatorReactor

/// The steps of one operation: asks its machine what comes next, does it, and tells the machine what became of it.
extension OperationEngine {
    func advance(_ operation: HeldOperation) async throws {
        let record = operation.record
        guard let instance = try await store.instances.get(record.instanceUUID) else {
            throw StoreError(.notFound, "operation \(record.uuid) is of an instance that is not stored")
        }
        operation.hostID = instance.hostID
        let view = OperationView(
            kind: record.kind, step: record.step, deadline: record.deadline, wasDirected: record.directedAt != nil,
            hostID: instance.hostID)
        switch try operation.machine.taken(view, now: record.readAt) {
        case .chooseHost: try await place(operation, instance)
        case .sendDirective: try await direct(operation, instance)
        case .finish(let end): try await finish(operation, end)
        case .stop: forget(operation)
        }
    }

    // MARK: Schedule

    private func place(_ operation: HeldOperation, _ instance: InstanceRecord) async throws {
        let selection = HostSelection(store: store)
        var placed: InstanceRecord?
        while placed == nil {
            let now = operation.record.readAt
            let choice = try await selection.choose(for: instance, now: now)
            switch try operation.machine.placed(choice, now: now) {
            case .letGo:
                return await giveBack(operation, after: Self.retryPause)
            case .finish(let end):
                return try await finish(operation, end)
            case .claim(let host):
                let (result, claimed) = try await claim(host, for: operation, instance)
                switch try operation.machine.claimed(result) {
                case .sendDirective: placed = claimed
                case .chooseHost: continue
                case .letGo: return await giveBack(operation, after: Self.retryPause)
                case .stop: return forget(operation)
                }
            }
        }
        if let placed {
            try await direct(operation, placed)
        }
    }

    /// The host's resources, the instance's place and the operation's step in one transaction.
    private func claim(
        _ host: HostCandidate, for operation: HeldOperation, _ instance: InstanceRecord
    ) async throws -> (OperationStateMachine.ClaimResult, InstanceRecord?) {
        let record = operation.record
        let sendsAtOnce = hosts.attachment(of: host.id) != nil
        do {
            let (placed, advanced) = try await store.transaction { transaction in
                let placed = try await transaction.instances.update(
                    instance.uuid,
                    guard: InstanceGuard(
                        generation: instance.generation, taskStates: [.scheduling], vmStates: [.building]),
                    [.taskState(.spawning), .hostID(host.id)])
                let advanced = try await transaction.operations.advance(
                    record, to: .direct, markDirected: sendsAtOnce)
                do throws(StoreError) {
                    try await transaction.hosts.claim(
                        ResourceClaim(placing: instance), instance: instance.uuid, host: host.id,
                        generation: host.generation)
                } catch {
                    throw ClaimLost(error)
                }
                return (placed, advanced)
            }
            operation.record = advanced
            operation.hostID = host.id
            logStep(operation, ["host": "\(host.name)"])
            return (.claimed, placed)
        } catch let lost as ClaimLost {
            switch lost.reason.code {
            case .lostRace, .insufficientCapacity, .contention: return (.hostChanged, nil)
            default: throw lost.reason
            }
        } catch let error as StoreError {
            switch error.code {
            case .lostRace: return (.superseded, nil)
            case .contention: return (.hostChanged, nil)
            default: throw error
            }
        }
    }

    /// Tells a race for the host from one for the instance or the operation.
    private struct ClaimLost: Error {
        var reason: StoreError
        init(_ reason: StoreError) { self.reason = reason }
    }

    // MARK: Direct

    private func direct(_ operation: HeldOperation, _ instance: InstanceRecord) async throws {
        var isSending = true
        while isSending {
            let result = try await send(operation, instance)
            switch try operation.machine.directive(result, now: operation.record.readAt) {
            case .awaitReport:
                isSending = false
                try await awaitReport(operation, result)
            case .finish(let end):
                return try await finish(operation, end)
            case .retry:
                if isStopping { return await giveBack(operation, after: .zero) }
                logStep(operation, ["directive": "not answered"])
                try? await loop.sleep(for: Self.retryPause)
            case .letGo:
                return await giveBack(operation, after: Self.moveDelay)
            }
        }
    }

    private func send(
        _ operation: HeldOperation, _ instance: InstanceRecord
    ) async throws -> OperationStateMachine.DirectiveResult {
        guard let hostID = operation.hostID, let attachment = hosts.attachment(of: hostID) else {
            return .unattached
        }
        operation.attachmentNumber = attachment.record.number
        if operation.record.directedAt == nil {
            operation.record = try await store.operations.advance(
                operation.record, to: .direct, markDirected: true)
        }
        let directive = Directive(of: operation.record, instance: instance)
        return await delivery.deliver(directive, over: attachment)
    }

    private func awaitReport(
        _ operation: HeldOperation, _ result: OperationStateMachine.DirectiveResult
    ) async throws {
        if operation.record.step != .awaitReport {
            operation.record = try await store.operations.advance(operation.record, to: .awaitReport)
        }
        logStep(operation, ["directive": result == .alreadyKnown ? "known to the host" : "taken by the host"])
        // The connection may have changed while the answer was on its way; nobody else would notice.
        let number = operation.hostID.flatMap { hosts.attachment(of: $0)?.record.number }
        if number != operation.attachmentNumber, operation.machine.hostMoved() == .letGo {
            await giveBack(operation, after: Self.moveDelay)
        }
    }

    // MARK: End

    private func finish(_ operation: HeldOperation, _ end: OperationEnd) async throws {
        let record = operation.record
        let finished = try await store.transaction { transaction in
            let instance = try await transaction.instances.get(record.instanceUUID, lock: true)
            let finished = try await transaction.operations.finish(record, OperationOutcome(end, at: record.readAt))
            if let instance {
                let transition = InstanceTransition.ended(
                    record.kind, end, from: instance.vmState, observed: HostObservation(), now: record.readAt)
                try await transaction.apply(transition, to: instance, at: record.readAt)
            }
            return finished
        }
        logEnd(of: finished, operation)
        forget(operation)
    }
}
