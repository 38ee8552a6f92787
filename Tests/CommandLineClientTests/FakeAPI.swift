import ComputeMessages
import ComputeObjects
import Logging
import StatorObjects
import StatorRPC
import StatorReactor
import StatorTLS
import StatorWire
import Synchronization
import TestSupport

/// An API with one server, whose answers a test chooses; everything that is not asked for in a test is UNIMPLEMENTED.
final class FakeAPI: ComputeService {
    struct State: Sendable {
        /// What the next calls fail with, one each.
        var failures: [RPCError] = []
        var keys: [IdempotencyKey?] = []
        /// The states that an operation goes through when it is watched.
        var progress: [OperationState] = [.queued, .running, .succeeded]
        var faultMessage: String?
        var console: [[UInt8]] = []
        /// The names on each page of the list of servers; after the last there are no more.
        var serverPages: [[String]] = []
        var markers: [ObjectID?] = []
        var upgrade: UpgradeStatus?
    }

    static let serverID = ObjectID(high: 0xf81d_4fae_7dec_41d0, low: 0xa765_00a0_c91e_6bf6)
    static let operationID = ObjectID(high: 0x0102_0304_0506_4708, low: 0x8901_0203_0405_0607)

    private let state = Mutex(State())

    var keys: [IdempotencyKey?] { state.withLock { $0.keys } }
    var markers: [ObjectID?] { state.withLock { $0.markers } }

    func prepare(_ body: (inout sending State) -> Void) {
        state.withLock { body(&$0) }
    }

    private func note(_ context: CallContext) throws {
        let failure = state.withLock { state -> RPCError? in
            state.keys.append(context.idempotencyKey)
            return state.failures.isEmpty ? nil : state.failures.removeFirst()
        }
        if let failure { throw failure }
    }

    private func instance() -> Instance {
        var instance = Instance()
        instance.uuid = Self.serverID
        instance.displayName = "web"
        instance.vmState = .active
        instance.host = "host1"
        return instance
    }

    private func operation(_ kind: OperationKind, _ operationState: OperationState) -> Operation {
        var operation = Operation()
        operation.uuid = Self.operationID
        operation.kind = kind
        operation.state = operationState
        operation.step = operationState.isFinal ? .done : .schedule
        operation.instanceName = "web"
        operation.instanceUuid = Self.serverID
        if operationState == .failed {
            var fault = Fault()
            fault.message = state.withLock { $0.faultMessage }
            operation.fault = fault
        }
        return operation
    }

    private func begun(_ kind: OperationKind, _ context: CallContext) throws -> ServerOperationResponse {
        try note(context)
        var response = ServerOperationResponse()
        response.instance = instance()
        response.operation = operation(kind, .queued)
        return response
    }

    func createServer(_ request: CreateServerRequest, context: CallContext) async throws -> ServerOperationResponse {
        try begun(.create, context)
    }

    func listServers(_ request: ListServersRequest, context: CallContext) async throws -> ListServersResponse {
        try note(context)
        let names = state.withLock { state -> [String] in
            state.markers.append(request.marker)
            return state.serverPages.isEmpty ? [] : state.serverPages.removeFirst()
        }
        var response = ListServersResponse()
        response.instances = names.map { name in
            var instance = instance()
            instance.displayName = name
            return instance
        }
        return response
    }

    func getServer(_ request: ServerRequest, context: CallContext) async throws -> ServerResponse {
        try note(context)
        var response = ServerResponse()
        response.instance = instance()
        return response
    }

    func deleteServer(_ request: ServerRequest, context: CallContext) async throws -> ServerOperationResponse {
        guard request.server == "web" else { throw RPCError(.notFound, "there is no server '\(request.server ?? "")'") }
        return try begun(.delete, context)
    }

    func startServer(_ request: ServerRequest, context: CallContext) async throws -> ServerOperationResponse {
        try begun(.start, context)
    }

    func stopServer(_ request: ServerRequest, context: CallContext) async throws -> ServerOperationResponse {
        try begun(.stop, context)
    }

    func rebootServer(_ request: RebootServerRequest, context: CallContext) async throws -> ServerOperationResponse {
        try begun(request.hard == true ? .rebootHard : .reboot, context)
    }

    func pauseServer(_ request: ServerRequest, context: CallContext) async throws -> ServerOperationResponse {
        try begun(.pause, context)
    }

    func unpauseServer(_ request: ServerRequest, context: CallContext) async throws -> ServerOperationResponse {
        try begun(.unpause, context)
    }

    func listOperationsPage(
        _ request: ListOperationsPageRequest, context: CallContext
    ) async throws -> ListOperationsPageResponse { throw Self.unimplemented }

    func getConsoleOutput(
        _ request: GetConsoleOutputRequest, responses: ResponseWriter<ConsoleOutput>, context: CallContext
    ) async throws {
        try note(context)
        for bytes in state.withLock({ $0.console }) {
            var part = ConsoleOutput()
            part.data = bytes
            try await responses.write(part)
        }
    }

    func watchOperation(
        _ request: WatchOperationRequest, responses: ResponseWriter<OperationResponse>, context: CallContext
    ) async throws {
        for progress in state.withLock({ $0.progress }) {
            var response = OperationResponse()
            response.operation = operation(.create, progress)
            try await responses.write(response)
        }
    }

    func listOperations(
        _ request: ListOperationsRequest, context: CallContext
    ) async throws -> ListOperationsResponse { throw Self.unimplemented }

    func getOperation(_ request: OperationRequest, context: CallContext) async throws -> OperationResponse {
        throw Self.unimplemented
    }

    func listFlavors(_ request: ListFlavorsRequest, context: CallContext) async throws -> ListFlavorsResponse {
        throw Self.unimplemented
    }

    func createFlavor(_ request: CreateFlavorRequest, context: CallContext) async throws -> FlavorResponse {
        throw Self.unimplemented
    }

    func listImages(_ request: ListImagesRequest, context: CallContext) async throws -> ListImagesResponse {
        throw Self.unimplemented
    }

    func listHosts(_ request: ListHostsRequest, context: CallContext) async throws -> ListHostsResponse {
        throw Self.unimplemented
    }

    func getHost(_ request: HostRequest, context: CallContext) async throws -> HostResponse {
        throw Self.unimplemented
    }

    func updateHost(_ request: UpdateHostRequest, context: CallContext) async throws -> HostResponse {
        throw Self.unimplemented
    }

    func listServices(_ request: ListServicesRequest, context: CallContext) async throws -> ListServicesResponse {
        throw Self.unimplemented
    }

    func getUpgradeStatus(
        _ request: GetUpgradeStatusRequest, context: CallContext
    ) async throws -> GetUpgradeStatusResponse {
        try note(context)
        var response = GetUpgradeStatusResponse()
        response.status = state.withLock { $0.upgrade }
        return response
    }

    private static let unimplemented = RPCError(.unimplemented, "the fake API has no such method")
}

/// What a run of `stator` came to.
struct CommandResult {
    let status: ChildProcess.Exit
    let output: String
    let errorOutput: String
}

extension FakeAPI {
    /// Serves a fake API over TLS on loopback while the body runs; `stator` runs the built command against it.
    static func with(
        callerClass: String = "user",
        _ body: (_ api: FakeAPI, _ stator: (_ arguments: [String]) async throws -> CommandResult) async throws -> Void
    ) async throws {
        let loop = try EventLoop(label: "test")
        try loop.start()
        defer {
            loop.stop()
            loop.join()
        }
        let api = FakeAPI()
        var router = CallRouter()
        router.register(compute: api)
        let paths = try TestCertificates.tls(class: "api", name: "api1")
        let server = try Server(
            configuration: ServerConfiguration(
                address: try SocketAddress(parsing: "127.0.0.1:0"),
                tls: TLSConfiguration(
                    certificateChainPath: paths.certificateChainPath, privateKeyPath: paths.privateKeyPath,
                    trustRootsPath: paths.trustRootsPath),
                local: localEndpoint()),
            router: router, loop: loop, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let address = try await server.start().description
        do {
            try await body(api) { try await run($0, address, callerClass) }
        } catch {
            await server.shutdown()
            throw error
        }
        await server.shutdown()
    }

    private static func run(
        _ arguments: [String], _ address: String, _ callerClass: String
    ) async throws -> CommandResult {
        let tls = try TestCertificates.tls(class: callerClass, name: "alice")
        let process = try ChildProcess(
            built: "stator",
            arguments: arguments + [
                "--api", address, "--certificate", tls.certificateChainPath, "--private-key", tls.privateKeyPath,
                "--ca", tls.trustRootsPath,
            ])
        let status = try await process.wait(timeout: .seconds(60))
        return CommandResult(status: status, output: process.output, errorOutput: process.errorOutput)
    }
}
