import ComputeMessages
import StatorObjects
import StatorRPC
import StatorWire
import Synchronization

/// A conductor that remembers who asked for what and answers as it is told.
final class FakeConductor: ConductorService {
    struct Call: Sendable {
        var method: String
        var requester: Requester?
        var caller: Identity
        var idempotencyKey: IdempotencyKey?
        var remainingTime: Duration?
    }

    struct State: Sendable {
        var calls: [Call] = []
        var registrations: [Service] = []
        /// What the next calls fail with, one each, before they succeed again.
        var failures: [RPCError] = []
        /// What each watch sends before it ends; a watch beyond the last sends nothing.
        var watches: [[OperationState]] = []
        /// The parts of a console.
        var consoleParts: [[UInt8]] = []
    }

    private let state = Mutex(State())

    var calls: [Call] { state.withLock { $0.calls } }
    var registrations: [Service] { state.withLock { $0.registrations } }

    func prepare(_ body: (inout sending State) -> Void) {
        state.withLock { body(&$0) }
    }

    private func note(_ requester: Requester?, _ context: CallContext) throws {
        let failure = state.withLock { state -> RPCError? in
            state.calls.append(
                Call(
                    method: context.method.name, requester: requester, caller: context.caller,
                    idempotencyKey: context.idempotencyKey, remainingTime: context.remainingTime))
            return state.failures.isEmpty ? nil : state.failures.removeFirst()
        }
        if let failure { throw failure }
    }

    private func operation(_ kind: OperationKind) -> ServerOperationResponse {
        var response = ServerOperationResponse()
        var operation = Operation()
        operation.uuid = ObjectID.random()
        operation.kind = kind
        operation.state = .queued
        response.operation = operation
        return response
    }

    func createInstance(
        _ request: CreateInstanceRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        try note(request.requester, context)
        var response = operation(.create)
        var instance = Instance()
        instance.displayName = request.request?.name
        response.instance = instance
        return response
    }

    func listInstances(_ request: ListInstancesRequest, context: CallContext) async throws -> ListServersResponse {
        try note(request.requester, context)
        return ListServersResponse()
    }

    func getInstance(_ request: GetInstanceRequest, context: CallContext) async throws -> ServerResponse {
        try note(request.requester, context)
        return ServerResponse()
    }

    func deleteInstance(
        _ request: DeleteInstanceRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        try note(request.requester, context)
        return operation(.delete)
    }

    func startInstance(
        _ request: StartInstanceRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        try note(request.requester, context)
        return operation(.start)
    }

    func stopInstance(_ request: StopInstanceRequest, context: CallContext) async throws -> ServerOperationResponse {
        try note(request.requester, context)
        return operation(.stop)
    }

    func rebootInstance(
        _ request: RebootInstanceRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        try note(request.requester, context)
        return operation(request.request?.hard == true ? .rebootHard : .reboot)
    }

    func getInstanceConsole(
        _ request: GetInstanceConsoleRequest, responses: ResponseWriter<ConsoleOutput>, context: CallContext
    ) async throws {
        try note(request.requester, context)
        for bytes in state.withLock({ $0.consoleParts }) {
            var part = ConsoleOutput()
            part.data = bytes
            try await responses.write(part)
        }
    }

    func watchOperation(
        _ request: ConductorWatchOperationRequest, responses: ResponseWriter<OperationResponse>, context: CallContext
    ) async throws {
        try note(request.requester, context)
        let states = state.withLock { $0.watches.isEmpty ? [] : $0.watches.removeFirst() }
        for state in states {
            var operation = Operation()
            operation.uuid = request.request?.uuid
            operation.state = state
            var response = OperationResponse()
            response.operation = operation
            try await responses.write(response)
        }
    }

    func pauseInstance(
        _ request: PauseInstanceRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        try note(request.requester, context)
        return operation(.pause)
    }

    func unpauseInstance(
        _ request: UnpauseInstanceRequest, context: CallContext
    ) async throws -> ServerOperationResponse {
        try note(request.requester, context)
        return operation(.unpause)
    }

    func listOperationsPage(
        _ request: ConductorListOperationsPageRequest, context: CallContext
    ) async throws -> ListOperationsPageResponse {
        try note(request.requester, context)
        return ListOperationsPageResponse()
    }

    func listOperations(
        _ request: ConductorListOperationsRequest, context: CallContext
    ) async throws -> ListOperationsResponse {
        try note(request.requester, context)
        return ListOperationsResponse()
    }

    func getOperation(_ request: ConductorGetOperationRequest, context: CallContext) async throws -> OperationResponse {
        try note(request.requester, context)
        return OperationResponse()
    }

    func listFlavors(_ request: ConductorListFlavorsRequest, context: CallContext) async throws -> ListFlavorsResponse {
        try note(request.requester, context)
        return ListFlavorsResponse()
    }

    func createFlavor(_ request: ConductorCreateFlavorRequest, context: CallContext) async throws -> FlavorResponse {
        try note(request.requester, context)
        var response = FlavorResponse()
        response.flavor = request.request?.flavor
        return response
    }

    func listImages(_ request: ConductorListImagesRequest, context: CallContext) async throws -> ListImagesResponse {
        try note(request.requester, context)
        return ListImagesResponse()
    }

    func listHosts(_ request: ConductorListHostsRequest, context: CallContext) async throws -> ListHostsResponse {
        try note(request.requester, context)
        return ListHostsResponse()
    }

    func getHost(_ request: ConductorGetHostRequest, context: CallContext) async throws -> HostResponse {
        try note(request.requester, context)
        return HostResponse()
    }

    func updateHost(_ request: ConductorUpdateHostRequest, context: CallContext) async throws -> HostResponse {
        try note(request.requester, context)
        return HostResponse()
    }

    func listServices(
        _ request: ConductorListServicesRequest, context: CallContext
    ) async throws -> ListServicesResponse {
        try note(request.requester, context)
        return ListServicesResponse()
    }

    func getUpgradeStatus(
        _ request: ConductorGetUpgradeStatusRequest, context: CallContext
    ) async throws -> GetUpgradeStatusResponse {
        try note(request.requester, context)
        return GetUpgradeStatusResponse()
    }

    func registerService(
        _ request: RegisterServiceRequest, context: CallContext
    ) async throws -> RegisterServiceResponse {
        if let service = request.service {
            state.withLock { $0.registrations.append(service) }
        }
        var response = RegisterServiceResponse()
        response.service = request.service
        response.leaseMs = 30_000
        return response
    }
}
