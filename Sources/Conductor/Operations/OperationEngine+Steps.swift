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
            hostID: instance.hostID, isHostUp: try await isHostUp(of: record, instance))
        switch try operation.machine.taken(view, now: record.readAt) {
        case .chooseHost: try await place(operation, instance)
        case .sendDirective: try await direct(operation, instance)
        case .leaveHost: try await place(operation, try await leaveHost(operation, instance))
        case .finish(let end): try await finish(operation, end)
        case .stop: forget(operation)
        }
    }

    /// Only a placement of which no host can know depends on it, so only for that one it is read.
    private func isHostUp(of record: OperationRecord, _ instance: InstanceRecord) async throws -> Bool {
        guard record.kind == .create, record.step == .direct, record.directedAt == nil, let hostID = instance.hostID,
            hosts.attachment(of: hostID) == nil
        else { return true }
        return try await store.hosts.get(hostID)?.isUp ?? false
    }

    // MARK: Schedule

    private func place(_ operation: HeldOperation, _ instance: InstanceRecord) async throws {
        let selection = HostSelection(store: store)
        let awaitsReturn = HostReturn.isAwaited(
            sinceCreation: operation.record.age, sinceOutage: ContinuousClock.now - outage.lastSeen)
        var placed: InstanceRecord?
        while placed == nil {
            let now = operation.record.readAt
            let choice = try await selection.choose(for: instance, now: now, awaitsReturn: awaitsReturn)
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
        guard let placed else { return }
        if operation.record.directedAt == nil {
            // The host is attached elsewhere, or has enough to answer: whoever can goes on.
            return await giveBack(operation, after: .zero)
        }
        try await direct(operation, placed)
    }

    /// Frees what was claimed on a host that went away before it was told, and goes back to the first step.
    private func leaveHost(_ operation: HeldOperation, _ instance: InstanceRecord) async throws -> InstanceRecord {
        let record = operation.record
        let (left, returned) = try await store.transaction { transaction in
            let left = try await transaction.instances.update(
                instance.uuid,
                guard: InstanceGuard(generation: instance.generation, taskStates: [.spawning], vmStates: [.building]),
                [.taskState(.scheduling), .hostID(nil)])
            let returned = try await transaction.operations.advance(record, to: .schedule)
            _ = try await transaction.hosts.releaseClaim(instance: instance.uuid)
            return (left, returned)
        }
        operation.record = returned
        operation.hostID = nil
        logStep(operation, ["left": "\(instance.hostName ?? "")"])
        return left
    }

    /// The host's resources, the instance's place and the operation's step in one transaction.
    private func claim(
        _ host: HostCandidate, for operation: HeldOperation, _ instance: InstanceRecord
    ) async throws -> (OperationStateMachine.ClaimResult, InstanceRecord?) {
        let record = operation.record
        // Counted before anything is awaited, so that others see the place taken.
        operation.hostID = host.id
        let sendsAtOnce = hosts.attachment(of: host.id) != nil && hasPlace(on: host.id)
        var isClaimed = false
        defer { if !isClaimed { operation.hostID = nil } }
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
            isClaimed = true
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
        let result = try await send(operation, instance)
        switch try operation.machine.directive(result, now: operation.record.readAt) {
        case .awaitReport:
            try await awaitReport(operation, result)
        case .finish(let end):
            try await finish(operation, end)
        case .retry:
            logStep(operation, ["directive": "not answered"])
            let pause = isStopping ? .zero : Self.directivePause(attempt: operation.record.attempt)
            await giveBack(operation, after: pause)
        case .letGo:
            await giveBack(operation, after: Self.retryPause)
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
                let transition = InstanceTransition.endedUnobserved(
                    record.kind, end, from: instance.vmState, powerState: instance.powerState, now: record.readAt)
                try await transaction.apply(transition, to: instance, at: record.readAt)
            }
            return finished
        }
        logEnd(of: finished, operation)
        forget(operation)
    }
}
