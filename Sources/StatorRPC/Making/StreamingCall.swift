internal import StatorObjects
internal import StatorReactor
internal import StatorWire

/// A call of this side's in which at least one side sends a stream.
///
/// `@unchecked Sendable`: its state is touched on the loop's thread only, which those methods see to that may be called
/// from any task; the others are called there.
final class StreamingCall: ClientCall, @unchecked Sendable {
    private let id: StreamID
    private let core: ConnectionCore
    let responses: MessageInbox
    /// Signalled when the peer grants more credit, and when the call is over.
    private let window: WaitQueue
    /// How it ended, for those who write.
    private var failure: RPCError?

    init(_ id: StreamID, core: ConnectionCore) {
        self.id = id
        self.core = core
        responses = MessageInbox(loop: core.loop)
        window = WaitQueue(loop: core.loop)
        super.init()
        responses.consumed = { [unowned core] length in core.consumed(id, length: length) }
    }

    override func receive(
        _ message: UnsafeRawBufferPointer, on id: StreamID, of core: ConnectionCore, endsStream: Bool
    ) {
        responses.receive(message, isLast: endsStream)
        if endsStream { window.signalAll() }
    }

    override func finish(_ error: RPCError?) {
        failure = failure ?? error
        responses.finish(error)
        window.signalAll()
    }

    override func becomeWritable() {
        window.signalAll()
    }

    /// Gives the call up and tells the peer; a no-op when it is over. From any thread.
    func cancel() {
        core.loop.run { [self] in
            guard !responses.isEnded else { return }
            core.cancel(id)
            responses.discard()
            finish(.cancelled())
        }
    }

    func nextResponse() async throws(RPCError) -> [UInt8]? {
        try await responses.next { self.cancel() }
    }

    /// Sends a request; waits while the peer is behind. From any task.
    func send(_ encoding: MessageEncoding) async throws(RPCError) {
        var isSent = false
        while !isSent {
            switch await core.loop.perform({ [core, id] in core.request(id, encoding) }) {
            case .sent: isSent = true
            case .streamEnded:
                throw await core.loop.perform { [self] in failure } ?? RPCError(.cancelled, "the call is over")
            case .windowUsedUp: try await wait(in: window) { $0.responses.isEnded || $0.core.canRequest($0.id) }
            case .noRoom: try await wait(in: core.room) { $0.core.hasRoom || $0.responses.isEnded }
            case .tooLong: throw .tooLong("request", encoding.byteCountMax)
            }
        }
    }

    /// No more requests come; a no-op when the call is over. From any thread.
    func finishRequests() {
        core.loop.run { [core, id] in core.finishRequests(id) }
    }

    private func wait(
        in queue: WaitQueue, unless isReady: @escaping @Sendable (StreamingCall) -> Bool
    ) async throws(RPCError) {
        switch await queue.wait(unless: { isReady(self) }) {
        case .signalled: return
        // The machine ends the stream at the call's deadline.
        case .cancelled, .deadlinePassed:
            cancel()
            throw .cancelled()
        }
    }
}

/// Keeps a call alive that somebody waits for or writes to; letting go of it gives the call up.
final class CallHandle: Sendable {
    let call: StreamingCall
    private let peer: Manifest?

    init(_ call: StreamingCall, peer: Manifest?) {
        self.call = call
        self.peer = peer
    }

    deinit {
        call.cancel()
    }

    func decode<Response: VersionedMessage>(_ bytes: [UInt8]) throws(RPCError) -> Response {
        do {
            return try Response(decoding: bytes, from: peer)
        } catch {
            throw .unreadableResponse(error)
        }
    }

    func encode(_ request: some VersionedMessage) throws(RPCError) -> MessageEncoding {
        do {
            return try request.encoding(for: peer)
        } catch {
            throw RPCError(encoding: error, otherwise: .invalidArgument)
        }
    }

    /// The one response of a call.
    func response<Response: VersionedMessage>() async throws(RPCError) -> Response {
        guard let bytes = try await call.nextResponse() else { throw .responseMissing }
        guard try await call.nextResponse() == nil else { throw .responseRepeated }
        return try decode(bytes)
    }
}
