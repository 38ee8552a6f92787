internal import ComputeMessages
internal import ComputeObjects
internal import StatorObjects
internal import StatorRPC
internal import StatorWire

/// What users want of their instances: each becomes an operation that is stored before anyone acts on it.
struct InstanceRequests: Sendable {
    /// A conductor that loses the race for an instance reads it again so many times.
    static let beginAttemptsMax = 16
    static let listLimitDefault: UInt32 = ComputeLimits.listLimit.upperBound

    let store: Store
    private var gates: FeatureGates { FeatureGates(store: store) }

    // MARK: Create

    func create(
        _ request: CreateServerRequest, for scope: RequesterScope, key: IdempotencyKey?
    ) async throws -> BegunOperation {
        let digest = RequestDigest.of("create", try request.encodedBytes(for: nil))
        if let first = try await firstOutcome(of: key, scope, digest) { return first }
        try checkName(request.name, field: "name")
        let flavor = try await findFlavor(request.flavor)
        let image = try await findImage(request.image)
        try InstanceLayout.check(flavor, fits: image)
        let uuid = ObjectID.random()
        let name = request.name ?? ""
        let layout = InstanceLayout(flavor: flavor, image: image)
        let new = NewInstance(
            uuid: uuid, userID: scope.userID, displayName: name, displayDescription: request.description,
            userData: request.userData, tags: try tags(request.tags), cpuModel: try cpuModel(request.cpuModel),
            flavor: flavor, image: image,
            networkInterfaces: layout.networkInterfaces, blockDevices: layout.blockDevices)
        let operation = NewOperation(
            kind: .create, step: .schedule, instanceUUID: uuid, instanceName: name, userID: scope.userID,
            idempotencyKey: key.map(ObjectID.init), requestDigest: digest,
            timeout: OperationDeadlines.timeout(of: .create))
        return try await store.createInstance(new, operation: operation).outcome
    }

    /// In the order that they were given in, which is what the user sees again.
    private func tags(_ tags: [String]) throws(ConductorError) -> [String] {
        guard Set(tags).count == tags.count else { throw ConductorError(.invalid, "a tag is given twice") }
        return tags
    }

    private func cpuModel(_ model: String?) throws(ConductorError) -> String? {
        guard let model else { return nil }
        guard ComputeLimits.isCPUModel(model) else {
            throw ConductorError(.invalid, "'\(model.singleLine)' is no CPU model's name")
        }
        return model
    }

    private func findFlavor(_ reference: String?) async throws -> Flavor {
        let reference = try required(reference, "flavor")
        do throws(StoreError) {
            return try await store.flavors.find(reference)
        } catch {
            throw error.explained(lookingUp: "flavor", reference)
        }
    }

    private func findImage(_ reference: String?) async throws -> Image {
        let reference = try required(reference, "image")
        do throws(StoreError) {
            return try await store.images.find(reference)
        } catch {
            throw error.explained(lookingUp: "image", reference)
        }
    }

    // MARK: Look

    func list(_ request: ListServersRequest, for scope: RequesterScope) async throws -> [InstanceRecord] {
        if request.allUsers ?? false {
            try scope.requireOperator(to: "list the servers of all users")
        }
        let limit = request.limit ?? Self.listLimitDefault
        guard ComputeLimits.listLimit.contains(limit) else {
            throw ConductorError(.invalid, "limit is \(limit); it takes 1 to \(ComputeLimits.listLimit.upperBound)")
        }
        let userID = request.allUsers ?? false ? nil : scope.userID
        return try await store.instances.list(userID: userID, after: request.marker, limit: Int(limit))
    }

    /// By id or name; what belongs to others is not found.
    func find(_ reference: String?, for scope: RequesterScope) async throws -> InstanceRecord {
        let reference = try required(reference, "server")
        do throws(StoreError) {
            return try await store.instances.find(reference, userID: scope.visibleUserID)
        } catch {
            throw error.explained(lookingUp: "server", reference)
        }
    }

    // MARK: Change

    /// Begins an operation on an existing instance.
    ///
    /// A delete cancels whatever else is under way; while one is under way already, that one is the answer.
    func begin(
        _ kind: OperationKind, on reference: String?, for scope: RequesterScope, key: IdempotencyKey?
    ) async throws -> BegunOperation {
        guard let rule = kind.rule else {
            throw ConductorError(.invalid, "there is no such operation")
        }
        if let gate = kind.gate { try await gates.requireOpen(gate) }
        let digest = RequestDigest.of(kind.description, Array((reference ?? "").utf8))
        if let first = try await firstOutcome(of: key, scope, digest) { return first }
        for _ in 1...Self.beginAttemptsMax {
            let instance = try await find(reference, for: scope)
            if kind == .delete, let underWay = try await deletion(of: instance) {
                return BegunOperation(operation: underWay, instance: instance)
            }
            if let refusal = instance.refusal(of: rule) { throw refusal }
            try requireNotNewer(instance, for: kind)
            let operation = NewOperation(
                kind: kind, step: .direct, instanceUUID: instance.uuid, instanceName: instance.displayName,
                userID: scope.userID, idempotencyKey: key.map(ObjectID.init), requestDigest: digest,
                timeout: OperationDeadlines.timeout(of: kind))
            if let outcome = try await begin(operation, on: instance, rule) { return outcome }
        }
        throw ConductorError(.contended, "server '\((reference ?? "").singleLine)' changes too often; try again")
    }

    /// A conductor that does not know all of an instance would start a guest without what it does not know.
    private func requireNotNewer(_ instance: InstanceRecord, for kind: OperationKind) throws(ConductorError) {
        guard kind.startsGuest, instance.neededServiceVersion > Release.serviceVersion else { return }
        throw ConductorError(
            .wrongState,
            "server '\(instance.displayName)' has what only service version \(instance.neededServiceVersion) and later "
                + "knows, so a conductor of release \(Release.current) (service version \(Release.serviceVersion)) "
                + "does not \(kind.phrase) it; it can be stopped and deleted")
    }

    /// Nil when somebody else changed the instance since it was read.
    private func begin(
        _ operation: NewOperation, on instance: InstanceRecord, _ rule: OperationRule
    ) async throws(StoreError) -> BegunOperation? {
        do throws(StoreError) {
            return try await store.beginOperation(
                operation,
                guard: InstanceGuard(
                    generation: instance.generation,
                    taskStates: rule.allowsNewerStates ? nil : Array(rule.taskStates),
                    vmStates: rule.allowsNewerStates ? nil : Array(rule.vmStates)),
                changes: [.taskState(rule.taskState)],
                cancelling: rule.kind == .delete ? Self.supersededByDelete(at: .now()) : nil
            ).outcome
        } catch {
            if error.isRetryable { return nil }
            throw error
        }
    }

    private func deletion(of instance: InstanceRecord) async throws -> OperationRecord? {
        guard instance.taskState == .deleting else { return nil }
        return try await store.operations.unfinished(instanceUUID: instance.uuid).first { $0.kind == .delete }
    }

    private static func supersededByDelete(at now: Timestamp) -> Fault {
        Fault(OperationFailure(.cancelled, "the server was deleted meanwhile"), at: now)
    }

    /// What the same request, made before under this key, has led to.
    private func firstOutcome(
        of key: IdempotencyKey?, _ scope: RequesterScope, _ digest: [UInt8]
    ) async throws -> BegunOperation? {
        guard let key else { return nil }
        return try await store.beginning(userID: scope.userID, key: ObjectID(key), digest: digest)?.outcome
    }
}

/// An operation that was asked for, and its instance.
struct BegunOperation: Sendable {
    var operation: OperationRecord
    var instance: InstanceRecord
}

extension InstanceRecord {
    /// Why its states forbid an operation; nil: they do not.
    fileprivate func refusal(of rule: OperationRule) -> StateRefusal? {
        rule.refusal(
            name: displayName, vmState: vmStateNumber, taskState: taskStateNumber, hasHost: hostID != nil)
    }
}

extension OperationBeginning {
    /// The same whether it has just begun or was begun by an earlier try.
    var outcome: BegunOperation {
        switch self {
        case .begun(let operation, let instance), .repeated(let operation, let instance):
            BegunOperation(operation: operation, instance: instance)
        }
    }
}

extension ObjectID {
    /// An idempotency key as the store keeps it.
    init(_ key: IdempotencyKey) {
        self.init(high: key.high, low: key.low)
    }
}
