public import Logging
internal import StatorObjects
public import StatorReactor
internal import StatorTLS
internal import StatorWire

/// A connection to one of several addresses, made again whenever it is lost.
///
/// `run()` keeps it connected; calls wait for that, up to their timeout. A call that breaks with its
/// connection is made again on the next one when its method is idempotent, or when the peer never began it.
/// `@unchecked Sendable`: `state`, `next`, `lastError`, `refusalCount` and `cores` are touched on the loop's thread only;
/// the rest is immutable or behind a lock.
public final class Channel: @unchecked Sendable {
    enum State { case idle, running, stopped }

    let settings: ConnectionSettings
    let loop: EventLoop
    let logger: Logger
    let addresses: [String]
    let verifiesServerName: Bool
    let onConnect: @Sendable (Connection) async throws -> Void
    let interceptors: [any ClientInterceptor]
    let keys = IdempotencyKeySource()
    let budget: RetryBudget
    /// Signalled when a connection is ready, an attempt failed for good reason, or the state changes.
    let changes: WaitQueue
    private let published = Guarded<Connection?>(nil)
    var state = State.idle
    /// Which address is tried first the next time.
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
        let first = configuration.shufflesAddresses ? Int.random(in: configuration.addresses.indices) : 0
        addresses = Array(configuration.addresses[first...] + configuration.addresses[..<first])
        verifiesServerName = configuration.verifiesServerName
        interceptors = configuration.interceptors
        budget = RetryBudget(tokensMax: configuration.retryTokensMax)
        self.loop = loop
        self.logger = logger
        self.onConnect = onConnect
        changes = WaitQueue(loop: loop)
        settings = try ConnectionSettings(
            loop: loop, tls: configuration.tls, role: .client, local: configuration.local,
            deployment: configuration.deployment, expectedPeer: configuration.expectedPeer, router: router,
            clientInterceptors: configuration.interceptors,
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

    /// A connection that takes calls, waited for if need be.
    func ready(until deadline: ContinuousClock.Instant?, waits: Bool) async throws(RPCError) -> Connection {
        // Each look may be the last that finds one: what has been found is not looked for again.
        if let connection { return connection }
        let refusalsBefore = await loop.perform { [self] in refusalCount }
        var found = connection
        while found == nil {
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
            case .signalled: found = connection
            case .cancelled: throw .cancelled()
            case .deadlinePassed:
                let reason = failure.map { ": \($0.message)" } ?? ""
                throw RPCError(.unavailable, "no connection to \(addressText) in time\(reason)", cause: failure)
            }
        }
        guard let found else { throw .cancelled() }
        return found
    }

    private var addressText: String { addresses.joined(separator: ", ") }
}
