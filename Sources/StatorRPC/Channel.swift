public import Logging
public import StatorObjects
public import StatorReactor
internal import StatorTLS
internal import StatorWire
internal import Synchronization

/// A connection to one of several addresses, made again whenever it is lost.
///
/// `run()` keeps it connected; calls wait for that, up to their timeout. A call that breaks with its
/// connection is made again on the next one when its method is idempotent, or when the peer never began it.
/// `@unchecked Sendable`: `state`, `next`, `lastError`, `refusalCount` and `cores` are touched on the loop's thread only;
/// the rest is immutable or behind a lock.
public final class Channel: Caller, @unchecked Sendable {
    enum State { case idle, running, stopped }

    let settings: ConnectionSettings
    let loop: EventLoop
    let logger: Logger
    let addresses: [String]
    let onConnect: @Sendable (Connection) async throws -> Void
    /// Signalled when a connection is ready, an attempt failed for good reason, or the state changes.
    let changes: WaitQueue
    private let published = Mutex<Connection?>(nil)
    var state = State.idle
    /// Which address is tried next.
    var next = 0
    /// Why the last attempt failed; nil while connected.
    var lastError: RPCError?
    /// How many attempts in a row ended with a refusal that repeating will not change.
    var refusalCount = 0
    /// Connections not yet gone, those that finish their calls after GOAWAY included.
    var cores: [ObjectIdentifier: ConnectionCore] = [:]

    /// Reads the certificate files; throws UNAUTHENTICATED when they are not usable, INVALID_ARGUMENT without addresses.
    ///
    /// - Parameters:
    ///   - router: Serves the calls that the peer makes on the connection.
    ///   - onConnect: Runs on each new connection before ordinary calls are let through; throwing closes the connection
    ///     and counts as a failed attempt.
    public init(
        configuration: ChannelConfiguration, router: CallRouter = CallRouter(), loop: EventLoop, logger: Logger,
        onConnect: @escaping @Sendable (Connection) async throws -> Void = { _ in }
    ) throws(RPCError) {
        guard !configuration.addresses.isEmpty else { throw RPCError(.invalidArgument, "no address to connect to") }
        addresses = configuration.addresses
        self.loop = loop
        self.logger = logger
        self.onConnect = onConnect
        changes = WaitQueue(loop: loop)
        settings = try ConnectionSettings(
            loop: loop, tls: configuration.tls, role: .client, local: configuration.local,
            deployment: configuration.deployment, expectedPeer: configuration.expectedPeer, router: router,
            timing: configuration.timing, limits: ServerConfiguration.Limits(), logger: logger)
    }

    /// The connection that calls go over now; nil while there is none. From any thread.
    public var connection: Connection? {
        published.withLock { $0 }.flatMap { $0.isOpen ? $0 : nil }
    }

    func publish(_ connection: Connection?) {
        loop.assertInLoop()
        published.withLock { $0 = connection }
        if connection != nil {
            lastError = nil
            refusalCount = 0
        }
        changes.signalAll()
    }

    public func unary<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, _ request: Request, options: CallOptions = CallOptions()
    ) async throws(RPCError) -> Response {
        let deadline = options.deadline
        let options = keyed(options, method)
        var response: Response?
        while response == nil {
            do {
                response = try await open(method, request, options, deadline: deadline).response()
            } catch {
                guard Self.mayRepeat(method, after: error) else { throw error }
            }
        }
        guard let response else { throw .cancelled() }
        return response
    }

    public func serverStreaming<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, _ request: Request, options: CallOptions = CallOptions()
    ) async throws(RPCError) -> ResponseStream<Response> {
        let deadline = options.deadline
        let options = keyed(options, method)
        let call = try await open(method, request, options, deadline: deadline)
        return ResponseStream(call) { [self] error throws(RPCError) in
            guard Self.mayRepeat(method, after: error) else { throw error }
            return try await open(method, request, options, deadline: deadline)
        }
    }

    private func keyed(_ options: CallOptions, _ method: MethodDescriptor) -> CallOptions {
        guard method.isIdempotent, options.idempotencyKey == nil else { return options }
        var options = options
        options.idempotencyKey = .random()
        return options
    }

    private static func mayRepeat(_ method: MethodDescriptor, after error: RPCError) -> Bool {
        switch error.origin {
        case .decided: false
        case .connectionLost: method.isIdempotent
        case .notBegun: true
        }
    }

    /// Opens the call on the present connection, or the next when that one has just been lost.
    private func open(
        _ method: MethodDescriptor, _ request: some VersionedMessage, _ options: CallOptions,
        deadline: ContinuousClock.Instant?
    ) async throws(RPCError) -> CallHandle {
        var handle: CallHandle?
        while handle == nil {
            let connection = try await ready(until: deadline, waits: options.waitForReady)
            do {
                handle = try await connection.open(method, request, options, deadline: deadline)
            } catch {
                guard error.origin == .notBegun else { throw error }
            }
        }
        guard let handle else { throw .cancelled() }
        return handle
    }

    /// A connection that takes calls, waited for if need be.
    private func ready(until deadline: ContinuousClock.Instant?, waits: Bool) async throws(RPCError) -> Connection {
        let refusalsBefore = await loop.perform { [self] in refusalCount }
        while connection == nil {
            let (failure, isStopped, refusals) = await loop.perform { [self] in
                (lastError, state == .stopped, refusalCount)
            }
            if isStopped { throw RPCError(.unavailable, "the channel is shut down") }
            // Every address has refused this side since the call began to wait: more waiting will not change it.
            if let failure, !waits || refusals - refusalsBefore >= addresses.count { throw failure }
            guard waits else { throw RPCError(.unavailable, "not yet connected to \(addressText)") }
            let outcome = await changes.wait(until: deadline) { [self] in
                connection != nil || state == .stopped || refusalCount != refusals
            }
            switch outcome {
            case .signalled: continue
            case .cancelled: throw .cancelled()
            case .deadlinePassed:
                let reason = failure.map { ": \($0.message)" } ?? ""
                throw RPCError(.unavailable, "no connection to \(addressText) in time\(reason)", cause: failure)
            }
        }
        guard let connection else { throw RPCError(.unavailable, "the connection was lost", origin: .notBegun) }
        return connection
    }

    private var addressText: String { addresses.joined(separator: ", ") }
}
