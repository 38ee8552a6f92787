public import Logging
public import StatorReactor
internal import StatorTLS
internal import StatorWire

/// Accepts connections and serves calls on them, all on one loop.
///
/// Leaving `run()` means that every handler has ended. `@unchecked Sendable`: its state is touched on the
/// loop's thread only, which the public methods see to; the rest is immutable.
public final class Server: @unchecked Sendable {
    /// Accepts per turn; the others get their turn then.
    private static let acceptsPerTurnMax = 64
    /// How long accepting rests when the process has no descriptors left.
    private static let pauseWithoutResources: Duration = .milliseconds(100)

    private enum State { case idle, listening, stopping, stopped }

    private let configuration: ServerConfiguration
    private let settings: ConnectionSettings
    private let loop: EventLoop
    private let logger: Logger
    private let onConnect: @Sendable (Connection) async -> Void
    private let onDisconnect: @Sendable (Connection) async -> Void
    /// Signalled when a connection or its task ends, and when the state changes.
    private let changes: WaitQueue
    private var state = State.idle
    private var acceptor: Acceptor?
    private var cores: [ObjectIdentifier: ConnectionCore] = [:]
    private var handshakeCount = 0
    private var connectionTaskCount = 0
    private var watch: Task<Void, Never>?

    /// Reads the certificate files; throws UNAUTHENTICATED when they are not usable.
    ///
    /// - Parameters:
    ///   - onConnect: Runs for each connection once its peer is known, before the peer's first call up to where
    ///     it first suspends, from there on beside them.
    ///   - onDisconnect: Runs after the connection is closed and `onConnect` has returned.
    public init(
        configuration: ServerConfiguration, router: CallRouter, loop: EventLoop, logger: Logger,
        onConnect: @escaping @Sendable (Connection) async -> Void = { _ in },
        onDisconnect: @escaping @Sendable (Connection) async -> Void = { _ in }
    ) throws(RPCError) {
        self.configuration = configuration
        self.loop = loop
        self.logger = logger
        self.onConnect = onConnect
        self.onDisconnect = onDisconnect
        changes = WaitQueue(loop: loop)
        settings = try ConnectionSettings(
            loop: loop, tls: configuration.tls, role: .server, local: configuration.local,
            deployment: configuration.deployment, expectedPeer: nil, router: router,
            clientInterceptors: configuration.clientInterceptors, timing: configuration.timing,
            limits: configuration.limits, logger: logger)
    }

    /// Binds and begins to accept; returns the bound address. To be called once; throws UNAVAILABLE when the address
    /// cannot be bound.
    @discardableResult
    public func start() async throws(RPCError) -> SocketAddress {
        let result = await loop.perform { [self] in
            Result { () throws(RPCError) in try listen() }
        }
        return try result.get()
    }

    /// Serves until `shutdown()` is called or the task is cancelled, then shuts down.
    ///
    /// Starts when that has not been done.
    public func run() async throws(RPCError) {
        if await loop.perform({ [self] in state == .idle }) { try await start() }
        _ = await changes.waitUntilTrue { [self] in state != .listening }
        await shutdown()
    }

    /// Accepts nothing more, lets running calls finish for the drain timeout, then cuts them off. Returns when all
    /// has ended. From any task; repeating it waits too.
    public func shutdown() async {
        let deadline = await loop.perform { [self] in
            if state == .idle || state == .listening { state = .stopping }
            acceptor?.stop()
            acceptor = nil
            for core in cores.values { core.drain("the service is shutting down") }
            watch?.cancel()
            changes.signalAll()
            return loop.now.advanced(by: configuration.limits.drainTimeout)
        }
        // A task that is cancelled still waits for the end of what it has started.
        await withoutCancellation { [self] in
            _ = await changes.waitUntilTrue(until: deadline) { [self] in cores.isEmpty }
            await loop.perform { [self] in
                for core in cores.values { core.close(.unavailable, "the service is shutting down") }
            }
            _ = await changes.waitUntilTrue { [self] in cores.isEmpty && connectionTaskCount == 0 }
            await loop.perform { [self] in watch }?.value
            await loop.perform { [self] in
                state = .stopped
                changes.signalAll()
            }
        }
    }

    /// Runs the operation in a task of its own, which the caller's cancellation does not reach, and waits for it.
    private func withoutCancellation(_ operation: @escaping @Sendable () async -> Void) async {
        await loop.startTask { await operation() }.value
    }

    private func listen() throws(RPCError) -> SocketAddress {
        guard state == .idle else { throw RPCError(.failedPrecondition, "the server was started before") }
        do {
            let acceptor = try Acceptor(configuration.address, loop: loop) { [self] in acceptAll() }
            try acceptor.start()
            self.acceptor = acceptor
            state = .listening
            let certificates = CertificateWatch(settings) { [weak self] context in
                for core in self?.cores.values ?? [:].values { core.review(under: context) }
            }
            watch = loop.startTask { await certificates.run() }
            return acceptor.localAddress
        } catch {
            throw RPCError(.unavailable, error.description, cause: error)
        }
    }

    private func acceptAll() {
        var remaining = Self.acceptsPerTurnMax
        while remaining > 0, let acceptor {
            remaining -= 1
            do throws(ReactorError) {
                guard let socket = try acceptor.accept() else { return }
                accept(socket)
            } catch {
                logger.error("cannot accept", metadata: ["error": "\(error)"])
                acceptor.pause(for: Self.pauseWithoutResources)
                return
            }
        }
    }

    private func accept(_ socket: consuming StreamSocket) {
        let address = socket.peerAddress
        let limits = configuration.limits
        // Closing is all that is done for it: an answer would cost the TLS handshake that the limits are there to save.
        guard cores.count < limits.connectionsMax, handshakeCount < limits.handshakesMax else {
            logger.warning(
                "connection refused: too many",
                metadata: [
                    "peer": "\(address)", "connections": "\(cores.count)", "handshakes": "\(handshakeCount)",
                ])
            return
        }
        var isHandshaking = true
        var key: ObjectIdentifier?
        let handshakeEnded = { [self] in
            if isHandshaking { handshakeCount -= 1 }
            isHandshaking = false
        }
        let core = ConnectionCore(
            settings, side: .acceptor, address: address,
            observer: ConnectionCore.Observer(
                isReady: { [self] connection in
                    handshakeEnded()
                    serve(connection)
                },
                isGoingAway: {},
                isClosed: { [self] error in
                    if isHandshaking {
                        logger.info(
                            "connection refused", metadata: ["peer": "\(address)", "reason": "\(error.message)"])
                    }
                    handshakeEnded()
                },
                isGone: { [self] in
                    if let key { cores[key] = nil }
                    changes.signalAll()
                }))
        key = ObjectIdentifier(core)
        cores[ObjectIdentifier(core)] = core
        handshakeCount += 1
        do {
            try core.start(socket, isConnected: true)
        } catch {
            handshakeEnded()
            cores[ObjectIdentifier(core)] = nil
            logger.error("cannot serve a connection", metadata: ["peer": "\(address)", "error": "\(error)"])
        }
    }

    private func serve(_ connection: Connection) {
        logger.info("connected", metadata: ["peer": "\(connection.peer.identity) \(connection.peer.address)"])
        connectionTaskCount += 1
        loop.startTask { [self] in
            await onConnect(connection)
            await connection.waitUntilClosed()
            await onDisconnect(connection)
            loop.run { [self] in
                logger.info(
                    "disconnected", metadata: ["peer": "\(connection.peer.identity) \(connection.peer.address)"])
                connectionTaskCount -= 1
                changes.signalAll()
            }
        }
    }
}
