internal import Logging
internal import StatorObjects
internal import StatorReactor
internal import StatorWire

/// A call that the peer made and a handler carries out.
///
/// `@unchecked Sendable`: `task`, `isOver` and `hasEnded` are touched on the loop's thread only; the rest is immutable.
final class ServerCall: @unchecked Sendable {
    let context: CallContext
    let requestLength: Int
    private let id: StreamID
    private let core: ConnectionCore
    /// Signalled when the peer grants more credit, and when the call is over.
    private let window: WaitQueue
    private var task: Task<Void, Never>?
    /// The stream is gone; what the handler still sends is refused.
    private var isOver = false
    private var hasEnded = false

    init(_ id: StreamID, context: CallContext, requestLength: Int, core: ConnectionCore) {
        self.id = id
        self.context = context
        self.requestLength = requestLength
        self.core = core
        window = WaitQueue(loop: core.loop)
    }

    /// Starts the handler; it runs at once up to where it first waits. On the loop only.
    func start(_ route: CallRouter.Route, _ request: [UInt8]) {
        let task = core.loop.startTask { [self] in
            await route.run(self, request)
            core.loop.run { self.end() }
        }
        if !hasEnded { self.task = task }
        if isOver { task.cancel() }
    }

    /// The call is over: given up by the peer, expired or cut off. On the loop only.
    func cancel() {
        core.loop.assertInLoop()
        isOver = true
        task?.cancel()
        window.signalAll()
    }

    /// The peer granted more credit. On the loop only.
    func becomeWritable() {
        window.signalAll()
    }

    private func end() {
        hasEnded = true
        task = nil
        core.serverCallEnded(id, self)
    }

    /// Runs a handler and turns what it throws into the call's status.
    func run(_ handler: () async throws -> Void) async {
        do {
            try await handler()
        } catch {
            var answer = RPCError(thrownByHandler: error)
            if answer == nil {
                core.logger.error(
                    "handler failed",
                    metadata: [
                        "method": "\(context.method)", "caller": "\(context.caller)",
                        "error": "\(String(reflecting: error))",
                    ])
                answer = RPCError(.internal, "\(context.method) failed; the log of the service says why")
            }
            if let answer { await finish(answer.code == .ok ? CallStatus(.unknown, answer.message) : answer.status) }
        }
    }

    func decode<Request: VersionedMessage>(_ bytes: [UInt8]) throws(RPCError) -> Request {
        do {
            return try Request(decoding: bytes, from: context.connection.peer.manifest)
        } catch {
            throw RPCError(encoding: error, otherwise: .invalidArgument)
        }
    }

    /// Sends a response, lowered to what the caller understands; from any task.
    func send(_ message: some VersionedMessage, endsStream: Bool) async throws(RPCError) {
        let encoding: MessageEncoding
        do {
            encoding = try message.encoding(for: context.connection.peer.manifest)
        } catch {
            throw RPCError(encoding: error, otherwise: .internal)
        }
        var isSent = false
        while !isSent {
            switch await attempt(encoding, endsStream: endsStream) {
            case .sent: isSent = true
            case .streamEnded: throw RPCError(.cancelled, "the call is over")
            case .windowUsedUp: try await wait(in: window) { $0.isOver || $0.core.hasCredit($0.id) }
            case .noRoom: try await wait(in: core.room) { $0.core.hasRoom || $0.isOver }
            case .tooLong:
                throw RPCError(
                    .resourceExhausted,
                    "a response of \(encoding.byteCount) bytes: the limit is \(WireLimits.messageLengthMax)")
            }
        }
    }

    /// Ends the call; a no-op when it is over. From any task.
    func finish(_ status: CallStatus) async {
        await core.loop.perform { [core, id] in core.finish(id, status) }
    }

    private func attempt(_ encoding: MessageEncoding, endsStream: Bool) async -> WireConnection.OnSend {
        await core.loop.perform { [core, id] in core.respond(id, encoding, endsStream: endsStream) }
    }

    private func wait(
        in queue: WaitQueue, unless isReady: @escaping @Sendable (ServerCall) -> Bool
    ) async throws(RPCError) {
        switch await queue.wait(unless: { isReady(self) }) {
        case .signalled: return
        // The wait has no deadline of its own: the machine ends the stream at the call's.
        case .cancelled, .deadlinePassed: throw .cancelled()
        }
    }
}

extension MessageEncoding: MessageBytes {}
