internal import ComputeMessages
internal import ComputeObjects
package import Logging
internal import Postgres
internal import StatorObjects
package import StatorReactor
internal import StatorRPC
internal import Synchronization

/// A whole conductor on one loop: its store, its server, its engine and its registration.
///
/// Keeps nothing that another conductor would miss: all that matters is in the database.
package final class ConductorProcess: Sendable {
    static let databaseRetryInterval: Duration = .seconds(1)

    private let configuration: ConductorConfiguration
    private let identity: Identity
    private let loop: EventLoop
    private let logger: Logger
    private let postgres: PostgresClient
    private let store: Store
    private let engine: OperationEngine
    private let unstored: UnstoredDetachments
    private let changes: OperationChanges
    private let peers: PeerConductors
    private let server: Server
    private let onReady: @Sendable (SocketAddress) -> Void
    private let stopRequests: AsyncStream<Void>
    private let stopRequest: AsyncStream<Void>.Continuation
    private let isStopping = Atomic(false)

    /// Reads the certificates, opens nothing yet; `onReady` is told the address once calls are served.
    package init(
        configuration: ConductorConfiguration, loop: EventLoop, logger: Logger,
        onReady: @escaping @Sendable (SocketAddress) -> Void = { _ in }
    ) async throws {
        let identity = try configuration.identity()
        let local = localEndpoint()
        let postgres = try PostgresClient(
            PostgresConfiguration(
                connectionString: configuration.databaseConnectionString,
                connectionCount: configuration.databaseConnectionCount,
                applicationName: "\(ConductorRegistration.binary)/\(identity.name)"),
            loop: loop, logger: logger)
        let store = Store(postgres)
        let hosts = AttachedHosts()
        let engine = OperationEngine(
            store: store, hosts: hosts, conductorName: identity.name, loop: loop, logger: logger)
        let changes = OperationChanges(store: store, engine: engine, loop: loop)
        let peers = PeerConductors(
            tls: configuration.tls, local: local, ownName: identity.name, loop: loop, logger: logger)
        let unstored = UnstoredDetachments(store: store, engine: engine, loop: loop, logger: logger)
        let sessions = HostSessions(
            store: store, hosts: hosts, engine: engine, unstored: unstored, conductorName: identity.name,
            logger: logger)

        var router = CallRouter(interceptors: [LoggingInterceptor(logger: logger), MetricsInterceptor()])
        router.register(
            conductor: ConductorAdapter(store: store, changes: changes, hosts: hosts, peers: peers))
        router.register(hostState: HostStateAdapter(sessions: sessions))
        guard let address = try await SocketAddress.resolve(configuration.listenAddress).first else {
            throw ConductorError(.invalid, "'\(configuration.listenAddress)' is no address to listen on")
        }
        server = try Server(
            configuration: ServerConfiguration(address: address, tls: configuration.tls, local: local),
            router: router, loop: loop, logger: logger,
            onDisconnect: { connection in await sessions.disconnected(connection) })
        self.configuration = configuration
        self.identity = identity
        self.loop = loop
        self.logger = logger
        self.postgres = postgres
        self.store = store
        self.engine = engine
        self.unstored = unstored
        self.changes = changes
        self.peers = peers
        self.onReady = onReady
        (stopRequests, stopRequest) = AsyncStream.makeStream(of: Void.self)
    }

    /// Serves until `requestStop()`; then what is under way ends, leases are given back and connections closed.
    ///
    /// Throws when it cannot serve: the schema is not this release's, or the address is taken.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: loop) { await self.postgres.run() }
            group.addTask(executorPreference: loop) {
                defer { self.postgres.shutdown() }
                try await self.serve()
            }
            try await group.waitForAll()
        }
    }

    /// Any thread; more than once does nothing more.
    package func requestStop() {
        isStopping.store(true, ordering: .releasing)
        stopRequest.finish()
    }

    private func serve() async throws {
        try await prepareDatabase()
        if isStopping.load(ordering: .acquiring) { return }
        let address = try await server.start()
        let registration = ConductorRegistration(
            store: store, name: identity.name, address: configuration.advertisedAddress ?? address.description,
            loop: loop, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await self.server.run()
                // Without a server nothing is worth going on.
                await self.engine.stop()
            }
            group.addTask { await self.changes.run() }
            group.addTask { await self.peers.run() }
            group.addTask {
                do throws(StoreError) {
                    try await registration.run()
                } catch {
                    self.logger.critical("cannot serve any more", metadata: ["error": "\(error)"])
                    await self.engine.stop()
                    throw error
                }
            }
            group.addTask { await self.unstored.run() }
            group.addTask { await self.endEngineWhenAsked() }
            logger.info("ready", metadata: ["address": "\(address)", "name": "\(identity.name)"])
            onReady(address)
            // Others can take over what this conductor gives back as soon as their hosts have gone to them, so the
            // engine ends before the connections do.
            await engine.run()
            logger.info("stopping")
            changes.close()
            await server.shutdown()
            await unstored.storeAll()
            await peers.stop()
            group.cancelAll()
            try await group.waitForAll()
            await registration.withdraw()
        }
    }

    private func endEngineWhenAsked() async {
        for await _ in stopRequests {}
        await engine.stop()
    }

    /// What an earlier process of this name has left is free again. A database that is away is waited for.
    private func prepareDatabase() async throws {
        var attempt = 0
        var isPrepared = false
        while !isPrepared, !isStopping.load(ordering: .acquiring) {
            do {
                try await store.requireServableSchema()
                _ = try await store.hosts.detachAll(conductor: identity.name)
                _ = try await store.operations.releaseAll(conductor: identity.name)
                isPrepared = true
            } catch {
                guard error.passes else { throw error }
                if attempt % 10 == 0 {
                    logger.warning(
                        "the database does not answer; trying again every second", metadata: ["error": "\(error)"])
                }
                attempt += 1
                try await loop.sleep(for: Self.databaseRetryInterval)
            }
        }
    }
}

extension StoreError {
    /// The same may succeed later without anybody's doing.
    fileprivate var passes: Bool {
        switch code {
        case .unavailable, .outcomeUnknown, .contention, .lostRace: true
        case .notFound, .ambiguousName, .alreadyExists, .idempotencyKeyReused, .insufficientCapacity, .fenced,
            .identityMismatch, .reportGap, .invalidArgument, .schemaMismatch, .internal:
            false
        }
    }
}
