internal import ComputeMessages
internal import ComputeObjects
internal import StatorObjects
internal import StatorRPC
internal import StatorWire

/// What users want to know of operations.
struct OperationRequests: Sendable {
    static let listLimitDefault: UInt32 = 100

    let store: Store
    let instances: InstanceRequests
    let changes: OperationChanges

    /// Those of other users are not found, except on the user's own instances: a user who asks for a delete is given
    /// the one that an operator has under way.
    func get(_ uuid: ObjectID?, for scope: RequesterScope) async throws -> OperationRecord {
        guard let uuid else {
            throw ConductorError(.invalid, "the operation's id is missing")
        }
        guard let record = try await store.operations.get(uuid), try await isVisible(record, to: scope) else {
            throw ConductorError(
                .notFound, "there is no operation \(uuid); `stator operation list` shows which there are")
        }
        return record
    }

    private func isVisible(_ record: OperationRecord, to scope: RequesterScope) async throws(StoreError) -> Bool {
        if scope.isOperator || record.userID == scope.userID { return true }
        return try await store.instances.get([record.instanceUUID]).first?.userID == scope.userID
    }

    func list(_ request: ListOperationsRequest, for scope: RequesterScope) async throws -> [OperationRecord] {
        try await list(server: request.server, limit: request.limit ?? Self.listLimitDefault, after: nil, for: scope)
    }

    /// Newest first, from the marker on, and whether there are more.
    func page(
        _ request: ListOperationsPageRequest, for scope: RequesterScope
    ) async throws -> (records: [OperationRecord], hasMore: Bool) {
        let limit = request.limit ?? Self.listLimitDefault
        var marker: OperationRecord?
        if let uuid = request.marker { marker = try await get(uuid, for: scope) }
        let records = try await list(server: request.server, limit: limit, after: marker, for: scope)
        return (records, records.count == limit)
    }

    private func list(
        server: String?, limit: UInt32, after marker: OperationRecord?, for scope: RequesterScope
    ) async throws -> [OperationRecord] {
        guard ComputeLimits.listLimit.contains(limit) else {
            throw ConductorError(.invalid, "limit is \(limit); it takes 1 to \(ComputeLimits.listLimit.upperBound)")
        }
        var instanceUUID: ObjectID?
        if let server {
            instanceUUID = try await instances.find(server, for: scope).uuid
        }
        return try await store.operations.list(
            userID: scope.visibleUserID, instanceUUID: instanceUUID, after: marker, limit: Int(limit))
    }

    /// Hands the operation on as it is now and after each change, until it has ended.
    func watch(
        _ uuid: ObjectID?, for scope: RequesterScope, _ change: (OperationRecord) async throws -> Void
    ) async throws {
        var last = try await get(uuid, for: scope)
        let watch = try changes.watch(last.uuid)
        defer { changes.remove(watch) }
        try await change(last)
        if last.isFinished { return }
        for await _ in watch.bell.rings {
            let current = try await get(uuid, for: scope)
            if current.generation != last.generation {
                try await change(current)
                last = current
            }
            if current.isFinished { return }
        }
        if Task.isCancelled { throw CancellationError() }
        throw RPCError(.unavailable, "this conductor is stopping; ask another")
    }
}
