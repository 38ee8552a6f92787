internal import ComputeMessages
internal import ComputeObjects
package import Logging
internal import ServiceLifecycle
internal import StatorRPC
package import StatorReactor
internal import StatorTLS

/// A whole API: its server, its connection to a conductor and its registration there.
package struct APIService: ServiceLifecycle.Service {
    /// A quarter of the calls that the one connection to a conductor carries is the most that one user gets, watches
    /// included. Draining is short: watches may run for minutes, and their clients go on elsewhere, or here again, while
    /// nobody who comes meanwhile is let in.
    private static let limits = ServerConfiguration.Limits(
        callsPerPeerMax: 256, requestBytesPerPeerMax: 32 << 20, drainTimeout: .seconds(2))

    private let server: Server
    private let channel: Channel
    private let identity: Identity
    private let loop: EventLoop
    private let logger: Logger
    private let onReady: @Sendable (SocketAddress) -> Void

    /// Reads the certificates, opens nothing yet; `onReady` is told the address once users are served.
    package init(
        configuration: APIConfiguration, loop: EventLoop, logger: Logger,
        onReady: @escaping @Sendable (SocketAddress) -> Void = { _ in }
    ) throws {
        let local = localEndpoint()
        identity = try configuration.identity()
        channel = try Channel(
            configuration: ChannelConfiguration(
                addresses: configuration.conductors, tls: configuration.tls, local: local, expectedPeer: .conductor,
                shufflesAddresses: true),
            loop: loop, logger: logger)
        let link = ConductorLink(channel: channel, addresses: configuration.conductors, loop: loop)
        var router = CallRouter(interceptors: [LoggingInterceptor(logger: logger), MetricsInterceptor()])
        router.register(compute: ComputeAdapter(conductor: link))
        server = try Server(
            configuration: ServerConfiguration(
                address: configuration.listenAddress, tls: configuration.tls, local: local,
                limits: Self.limits),
            router: router, loop: loop, logger: logger)
        self.loop = loop
        self.logger = logger
        self.onReady = onReady
    }

    /// Serves until it is told to stop: by graceful shutdown calls that run are finished, by cancellation they end.
    package func run() async throws {
        let address = try await server.start()
        let registration = ServiceRegistration(
            channel: channel, name: identity.name, address: address.description, loop: loop, logger: logger)
        logger.info("ready", metadata: ["address": "\(address)", "name": "\(identity.name)"])
        onReady(address)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await channel.run() }
            group.addTask { await registration.run() }
            group.addTask { try await server.run() }
            group.addTask {
                // Ends by a signal, or with CancellationError when the task is cancelled; both stop the rest.
                try? await gracefulShutdown()
                logger.info("stopping")
                await server.shutdown()
                await channel.shutdown()
            }
            // Whichever part ends first, the others are not to outlive it.
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
