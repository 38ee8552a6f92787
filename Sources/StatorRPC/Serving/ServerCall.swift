internal import Logging
internal import StatorObjects
internal import StatorReactor
internal import StatorWire

/// A call that the peer made and a handler carries out in a task.
///
/// `@unchecked Sendable`: its state is touched on the loop's thread only; the rest is immutable.
final class ServerCall: @unchecked Sendable {
    let context: CallContext
    let requestLength: Int
    let core: ConnectionCore
    private let id: StreamID
    private let observation: ServerObservation?
    /// The requests after the first, of a method that streams them.
    private let requests: MessageInbox?
    /// Signalled when the peer grants more credit, and when the call is over; made when it is first waited for.
    private var window: WaitQueue?
    private var task: Task<Void, Never>?
    /// The stream is gone; what the handler still sends is refused.
    private var isOver = false
    private var hasEnded = false
    /// The last response was sent, and with it the status.
    private var isAnswered = false

    init(
        _ id: StreamID, context: CallContext, observation: ServerObservation?, requestLength: Int,
        core: ConnectionCore
    ) {
        self.id = id
        self.context = context
        self.observation = observation
        self.requestLength = requestLength
        self.core = core
        guard context.method.shape.streamsRequests else {
            requests = nil
            return
        }
        let requests = MessageInbox(loop: core.loop)
        requests.consumed = { [unowned core] length in core.consumed(id, length: length) }
        self.requests = requests
    }

    /// Starts the handler; it runs at once up to where it first waits. On the loop only.
    func start(_ handler: @escaping @Sendable () async throws -> Void) {
        core.loop.assertInLoop()
        // Not by `startTask`: a closure that is handed on to the task is wrapped twice on the way.
        let task = Task.immediate(executorPreference: core.loop) { [self] in
            var failure: RPCError?
            do {
                try await handler()
            } catch {
                failure = answer(to: error)
            }
            // Its task is pinned to the loop.
            end(failure)
        }
        if !hasEnded { self.task = task }
        if isOver { task.cancel() }
    }

    /// A further request came; nil: only that there are no more. On the loop only.
    func receive(_ message: UnsafeRawBufferPointer?, endsStream: Bool) {
        guard let requests else { return }
        if let message {
            requests.receive(message, isLast: endsStream)
        } else if endsStream {
            requests.finish(nil)
        }
    }

    /// The call is over: given up by the peer, expired or cut off. On the loop only.
    func cancel() {
        core.loop.assertInLoop()
        isOver = true
        requests?.discard()
        requests?.finish(.cancelled())
        task?.cancel()
        window?.signalAll()
    }

    /// The peer granted more credit. On the loop only.
    func becomeWritable() {
        window?.signalAll()
    }

    private func end(_ failure: RPCError?) {
        hasEnded = true
        task = nil
        requests?.discard()
        if !isAnswered { core.finish(id, failure?.status(for: core.loweringManifest) ?? CallStatus(.ok)) }
        observation?.end(failure ?? (isOver ? .cancelled() : nil))
        core.serverCallEnded(id, self)
    }

    private func answer(to error: any Error) -> RPCError {
        RPCError(answering: error, of: context, core.logger)
    }

    func decode<Request: VersionedMessage>(_ bytes: UnsafeRawBufferPointer) throws(RPCError) -> Request {
        do {
            return Request(
                content: try MessageContent(decoding: bytes, schema: Request.schema, from: core.loweringManifest))
        } catch {
            throw RPCError(encoding: error, otherwise: .invalidArgument)
        }
    }

    /// The next request of a stream of them; nil after the last.
    func nextRequest() async throws(RPCError) -> [UInt8]? {
        guard let requests else { return nil }
        // Who gives up iterating is the handler; its call ends with it.
        return try await requests.next { [core] in core.loop.run { requests.finish(.cancelled()) } }
    }

    /// Sends a response, lowered to what the caller understands; from any task.
    func send(_ message: some VersionedMessage, endsStream: Bool) async throws(RPCError) {
        let encoding = try encode(message)
        if sendAtOnce(encoding, endsStream: endsStream) { return }
        try await send(encoding, endsStream: endsStream)
    }

    /// Lowers a response to what the caller understands.
    func encode(_ message: some VersionedMessage) throws(RPCError) -> MessageEncoding {
        do {
            return try message.encoding(for: core.loweringManifest)
        } catch {
            throw RPCError(encoding: error, otherwise: .internal)
        }
    }

    /// Handlers write from the loop, as a rule, and there is room: that costs neither closures nor async frames.
    ///
    /// False: it was not sent, and `send` says why or waits.
    func sendAtOnce(_ encoding: MessageEncoding, endsStream: Bool) -> Bool {
        core.loop.isInLoop && respondOnLoop(encoding, endsStream: endsStream) == .sent
    }

    func send(_ encoding: MessageEncoding, endsStream: Bool) async throws(RPCError) {
        var isSent = false
        while !isSent {
            switch await core.loop.perform({ self.respondOnLoop(encoding, endsStream: endsStream) }) {
            case .sent: isSent = true
            case .streamEnded: throw RPCError(.cancelled, "the call is over")
            case .windowUsedUp: try await waitForCredit()
            case .noRoom: try await wait(in: core.room) { $0.core.hasRoom || $0.isOver }
            case .tooLong: throw .tooLong("response", encoding.byteCountMax)
            }
        }
    }

    private func respondOnLoop(_ encoding: MessageEncoding, endsStream: Bool) -> WireConnection.OnSend {
        let result = core.respond(id, encoding, endsStream: endsStream)
        if endsStream, result == .sent { isAnswered = true }
        return result
    }

    private func waitForCredit() async throws(RPCError) {
        let queue = await core.loop.perform { [self] in
            let queue = window ?? WaitQueue(loop: core.loop)
            window = queue
            return queue
        }
        try await wait(in: queue) { $0.isOver || $0.core.hasCredit($0.id) }
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

extension RPCError {
    /// What a caller is told when a handler has thrown; what is the service's own failure is logged.
    init(answering error: any Error, of context: CallContext, _ logger: Logger) {
        if let answer = RPCError(thrownByHandler: error) {
            self = answer.code == .ok ? RPCError(.unknown, answer.message) : answer
            return
        }
        logger.error(
            "handler failed",
            metadata: [
                "method": "\(context.method)", "caller": "\(context.caller)", "error": "\(String(reflecting: error))",
            ])
        self.init(.internal, "\(context.method) failed; the log of the service says why")
    }

    static func tooLong(_ what: String, _ byteCount: Int) -> RPCError {
        RPCError(.resourceExhausted, "a \(what) of \(byteCount) bytes: the limit is \(WireLimits.messageLengthMax)")
    }
}

extension MessageEncoding: MessageBytes {}
