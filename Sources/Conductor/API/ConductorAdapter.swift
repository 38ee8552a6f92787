package import ComputeMessages
internal import ComputeObjects
internal import StatorObjects
package import StatorRPC

/// What the API calls: takes the messages apart, and puts the answers together.
package struct ConductorAdapter: ConductorService {
    let instances: InstanceRequests
    let operations: OperationRequests
    let fleet: FleetRequests
    let consoles: ConsoleRequests
    let upgrade: UpgradeRequests
    let store: Store

    package init(store: Store, changes: OperationChanges, hosts: AttachedHosts, peers: PeerConductors) {
        self.store = store
        instances = InstanceRequests(store: store)
        operations = OperationRequests(store: store, instances: instances, changes: changes)
        fleet = FleetRequests(store: store)
        upgrade = UpgradeRequests(store: store)
        consoles = ConsoleRequests(store: store, instances: instances, hosts: hosts, peers: peers)
    }

    // MARK: Instances

    package func createInstance(
        _ request: CreateInstanceRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        let scope = try RequesterScope(request.requester)
        let begun = try await instances.create(
            request.request ?? CreateServerRequest(), for: scope, key: context.idempotencyKey)
        return ServerOperationResponse(begun).shown(to: context)
    }

    package func listInstances(
        _ request: ListInstancesRequest, context: CallContext
    ) async throws -> ListServersResponse {
        let scope = try RequesterScope(request.requester)
        var response = ListServersResponse()
        let records = try await instances.list(request.request ?? ListServersRequest(), for: scope)
        response.instances = try ListAnswer.fitting(records.map(\.listMessage))
        return response.shown(to: context)
    }

    package func getInstance(_ request: GetInstanceRequest, context: CallContext) async throws -> ServerResponse {
        let scope = try RequesterScope(request.requester)
        var response = ServerResponse()
        response.instance = try await instances.find(request.request?.server, for: scope).message
        return response.shown(to: context)
    }

    package func deleteInstance(
        _ request: DeleteInstanceRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        try await begin(.delete, on: request.request?.server, request.requester, context)
    }

    package func startInstance(
        _ request: StartInstanceRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        try await begin(.start, on: request.request?.server, request.requester, context)
    }

    package func stopInstance(
        _ request: StopInstanceRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        try await begin(.stop, on: request.request?.server, request.requester, context)
    }

    package func rebootInstance(
        _ request: RebootInstanceRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        let kind: OperationKind = request.request?.hard ?? false ? .rebootHard : .reboot
        return try await begin(kind, on: request.request?.server, request.requester, context)
    }

    package func pauseInstance(
        _ request: PauseInstanceRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        try await begin(.pause, on: request.request?.server, request.requester, context)
    }

    package func unpauseInstance(
        _ request: UnpauseInstanceRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        try await begin(.unpause, on: request.request?.server, request.requester, context)
    }

    private func begin(
        _ kind: OperationKind, on server: String?, _ requester: Requester?, _ context: CallContext
    ) async throws -> ServerOperationResponse {
        let scope = try RequesterScope(requester)
        return ServerOperationResponse(
            try await instances.begin(kind, on: server, for: scope, key: context.idempotencyKey)
        ).shown(to: context)
    }

    package func getInstanceConsole(
        _ request: GetInstanceConsoleRequest, responses: ResponseWriter<ConsoleOutput>, context: CallContext
    ) async throws {
        try await consoles.copy(request, context: context) { output in
            try await responses.write(output)
        }
    }

    // MARK: Operations

    package func watchOperation(
        _ request: ConductorWatchOperationRequest, responses: ResponseWriter<OperationResponse>,
        context: CallContext
    ) async throws {
        let scope = try RequesterScope(request.requester)
        try await operations.watch(request.request?.uuid, for: scope) { record in
            try await responses.write(OperationResponse(record))
        }
    }

    package func listOperations(
        _ request: ConductorListOperationsRequest, context: CallContext
    ) async throws -> ListOperationsResponse {
        let scope = try RequesterScope(request.requester)
        var response = ListOperationsResponse()
        let records = try await operations.list(request.request ?? ListOperationsRequest(), for: scope)
        response.operations = try ListAnswer.fitting(records.map(\.listMessage))
        return response
    }

    package func listOperationsPage(
        _ request: ConductorListOperationsPageRequest, context: CallContext
    ) async throws -> ListOperationsPageResponse {
        let scope = try RequesterScope(request.requester)
        let page = try await operations.page(request.request ?? ListOperationsPageRequest(), for: scope)
        var response = ListOperationsPageResponse()
        response.operations = try ListAnswer.fitting(page.records.map(\.listMessage))
        // A page may end before its limit: so much fits into one answer.
        let isWhole = response.operations.count == page.records.count
        response.nextMarker = isWhole && !page.hasMore ? nil : response.operations.last?.uuid
        return response
    }

    package func getOperation(
        _ request: ConductorGetOperationRequest, context: CallContext
    ) async throws -> OperationResponse {
        let scope = try RequesterScope(request.requester)
        return OperationResponse(try await operations.get(request.request?.uuid, for: scope))
    }
}

extension ServerOperationResponse {
    fileprivate init(_ begun: BegunOperation) {
        self.init()
        instance = begun.instance.message
        operation = begun.operation.message
    }
}

extension OperationResponse {
    fileprivate init(_ record: OperationRecord) {
        self.init()
        operation = record.message
    }
}
