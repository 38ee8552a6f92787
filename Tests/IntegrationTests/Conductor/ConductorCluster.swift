import ComputeMessages
import ComputeObjects
import Conductor
import Logging
import StatorObjects
import StatorRPC
import StatorReactor
import StatorWire
import TestSupport

/// Conductors over one database of their own, in this process, with fake hosts and an API's connection.
final class ConductorCluster: Sendable {
    /// One conductor, and the task that runs it.
    struct RunningConductor: Sendable {
        let process: ConductorProcess
        let address: SocketAddress
        let task: Task<Void, any Error>

        /// Stops it in order and waits for its end.
        func stop() async throws {
            process.requestStop()
            try await task.value
        }
    }

    let postgres: TemporaryPostgres
    let database: String
    let loop: EventLoop
    let logger: Logger

    private init(_ postgres: TemporaryPostgres) async throws {
        var logger = Logger(label: "test") { StandardLog(label: $0) }
        logger.logLevel = .critical
        self.logger = logger
        let name = "conductor_\(UInt64.random(in: 0...UInt64.max))"
        _ = try postgres.createDatabase(name)
        self.postgres = postgres
        database = name
        _ = await migrateDatabase(postgres.connectionString(database: name), action: .migrate, logger: logger)
        loop = try EventLoop(label: "conductor-test")
        try loop.start()
    }

    /// Runs a test in a cluster; ends what is left of it whatever the test does.
    static func run(
        on postgres: TemporaryPostgres? = nil, _ body: @escaping @Sendable (ConductorCluster) async throws -> Void
    ) async throws {
        let cluster = try await ConductorCluster(postgres ?? .shared())
        let result: Result<Void, any Error>
        do {
            try await body(cluster)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        cluster.loop.stop()
        try result.get()
    }

    /// Calls the body while a conductor runs.
    func withConductor<R: Sendable>(
        _ name: String = "conductor1", _ body: (RunningConductor) async throws -> R
    ) async throws -> R {
        let conductor = try await startConductor(name)
        do {
            let result = try await body(conductor)
            try await conductor.stop()
            return result
        } catch {
            conductor.process.requestStop()
            _ = await conductor.task.result
            throw error
        }
    }

    func startConductor(_ name: String) async throws -> RunningConductor {
        let configuration = ConductorConfiguration(
            listenAddress: "127.0.0.1:0",
            databaseConnectionString: postgres.connectionString(database: database),
            databaseConnectionCount: 4, tls: try tlsConfiguration(class: "conductor", name: name))
        let (ready, signal) = AsyncStream.makeStream(of: SocketAddress.self)
        let process = try await ConductorProcess(
            configuration: configuration, loop: loop, logger: logger, onReady: { signal.yield($0) })
        let task = Task {
            defer { signal.finish() }
            try await process.run()
        }
        for await address in ready {
            return RunningConductor(process: process, address: address, task: task)
        }
        try await task.value
        throw TestSupportError("the conductor ended before it was ready")
    }

    /// Calls the body while a host runs and has registered at one of the conductors.
    func withHost<R: Sendable>(
        _ host: FakeHost, _ body: (FakeHost) async throws -> R
    ) async throws -> R {
        let task = Task { await host.run() }
        defer { task.cancel() }
        try await waitUntil("host \(host.name) has registered") {
            host.registrations.contains { if case .success = $0 { true } else { false } }
        }
        return try await body(host)
    }

    func makeHost(
        _ name: String = "host1", claiming claimedName: String? = nil, uuid: ObjectID = .random(),
        bootEpoch: UInt64 = 1, memoryMb: UInt32 = 4096, behaviour: FakeHost.Behaviour = .carryOut,
        at conductors: RunningConductor...
    ) throws -> FakeHost {
        try FakeHost(
            name: name, claiming: claimedName, uuid: uuid, bootEpoch: bootEpoch, memoryMb: memoryMb,
            images: [Self.image], behaviour: behaviour, conductors: conductors.map(\.address), loop: loop,
            logger: logger)
    }

    /// Calls the body with an API's connection to a conductor.
    func withAPI<R: Sendable>(
        at conductors: RunningConductor..., body: (APIClient) async throws -> R
    ) async throws -> R {
        let channel = try Channel(
            configuration: ChannelConfiguration(
                addresses: conductors.map(\.address.description), tls: try tlsConfiguration(class: "api", name: "api1"),
                local: localEndpoint(), expectedPeer: .conductor),
            loop: loop, logger: logger)
        let task = Task { await channel.run() }
        defer { task.cancel() }
        let client = APIClient(client: ConductorClient(channel))
        try await client.createFlavor()
        return try await body(client)
    }

    /// What the database says, column by column.
    @discardableResult
    func query(_ sql: String) throws -> [String] {
        try postgres.query(sql, database: database)
    }

    /// What is claimed on a host: vcpus, memory, disk.
    func usage(of host: FakeHost) throws -> String {
        try query("SELECT vcpus_used, memory_mb_used, local_gb_used FROM hosts WHERE name = '\(host.name)'").first ?? ""
    }

    static let image: Image = {
        var image = Image()
        image.uuid = ObjectID(high: 0x1111_2222_3333_4444, low: 0x8111_2222_3333_4444)
        image.name = "guest"
        image.checksum = [UInt8](repeating: 7, count: 32)
        image.bootMethod = .kernel
        image.minMemoryMb = 64
        image.minRootGb = 1
        image.sizeBytes = 1 << 20
        return image
    }()
}

/// Calls a conductor as an API does, on behalf of a user.
struct APIClient: Sendable {
    let client: ConductorClient
    var user = "alice"
    var isOperator = false

    func `as`(_ user: String, isOperator: Bool = false) -> APIClient {
        APIClient(client: client, user: user, isOperator: isOperator)
    }

    var requester: Requester {
        var requester = Requester()
        requester.userId = user
        requester.isOperator = isOperator
        return requester
    }

    func createFlavor() async throws {
        var flavor = Flavor()
        flavor.name = "small"
        flavor.vcpus = 1
        flavor.memoryMb = 512
        flavor.rootGb = 1
        var request = CreateFlavorRequest()
        request.flavor = flavor
        var forwarded = ConductorCreateFlavorRequest()
        forwarded.requester = `as`("admin", isOperator: true).requester
        forwarded.request = request
        _ = try await client.createFlavor(forwarded)
    }

    func create(
        _ name: String, flavor: String = "small", image: String = "guest", key: IdempotencyKey? = nil
    ) async throws -> ServerOperationResponse {
        var server = CreateServerRequest()
        server.name = name
        server.flavor = flavor
        server.image = image
        var request = CreateInstanceRequest()
        request.requester = requester
        request.request = server
        return try await client.createInstance(request, options: CallOptions(idempotencyKey: key))
    }

    private func server(_ name: String) -> ServerRequest {
        var server = ServerRequest()
        server.server = name
        return server
    }

    func get(_ name: String) async throws -> Instance {
        var request = GetInstanceRequest()
        request.requester = requester
        request.request = server(name)
        return try await client.getInstance(request).instance ?? Instance()
    }

    func delete(_ name: String, key: IdempotencyKey? = nil) async throws -> ServerOperationResponse {
        var request = DeleteInstanceRequest()
        request.requester = requester
        request.request = server(name)
        return try await client.deleteInstance(request, options: CallOptions(idempotencyKey: key))
    }

    func stop(_ name: String, key: IdempotencyKey? = nil) async throws -> ServerOperationResponse {
        var request = StopInstanceRequest()
        request.requester = requester
        request.request = server(name)
        return try await client.stopInstance(request, options: CallOptions(idempotencyKey: key))
    }

    func start(_ name: String) async throws -> ServerOperationResponse {
        var request = StartInstanceRequest()
        request.requester = requester
        request.request = server(name)
        return try await client.startInstance(request)
    }

    func reboot(_ name: String, hard: Bool = false) async throws -> ServerOperationResponse {
        var reboot = RebootServerRequest()
        reboot.server = name
        reboot.hard = hard
        var request = RebootInstanceRequest()
        request.requester = requester
        request.request = reboot
        return try await client.rebootInstance(request)
    }

    func console(_ name: String) async throws -> String {
        var console = GetConsoleOutputRequest()
        console.server = name
        var request = GetInstanceConsoleRequest()
        request.requester = requester
        request.request = console
        var bytes: [UInt8] = []
        for try await output in try await client.getInstanceConsole(request) {
            bytes += output.data ?? []
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    func operation(_ uuid: ObjectID?) async throws -> Operation {
        var operation = OperationRequest()
        operation.uuid = uuid
        var request = ConductorGetOperationRequest()
        request.requester = requester
        request.request = operation
        return try await client.getOperation(request).operation ?? Operation()
    }

    /// All of the user's servers and operations.
    func lists() async throws -> ([Instance], [Operation]) {
        var servers = ListInstancesRequest()
        servers.requester = requester
        var operations = ConductorListOperationsRequest()
        operations.requester = requester
        return (
            try await client.listInstances(servers).instances, try await client.listOperations(operations).operations
        )
    }

    /// Every state that the operation goes through from now on, to its end.
    func watch(_ uuid: ObjectID?) async throws -> [Operation] {
        var watch = WatchOperationRequest()
        watch.uuid = uuid
        var request = ConductorWatchOperationRequest()
        request.requester = requester
        request.request = watch
        var states: [Operation] = []
        for try await response in try await client.watchOperation(request, options: CallOptions(timeout: .seconds(60)))
        {
            if let operation = response.operation { states.append(operation) }
        }
        return states
    }

    /// The operation as it ended.
    func end(of response: ServerOperationResponse) async throws -> Operation {
        guard let end = try await watch(response.operation?.uuid).last else {
            throw TestSupportError("the watch said nothing")
        }
        return end
    }
}

/// Writes to standard error; only what is critical, unless a test is being looked into.
struct StandardLog: LogHandler {
    let label: String
    var logLevel: Logger.Level = .critical
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        print("\(event.level) \(event.message) \(event.metadata.map { "\($0)" } ?? "")")
    }
}
