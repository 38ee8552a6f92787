public import StatorObjects
internal import StatorReactor
internal import StatorWire
internal import Synchronization

/// An established connection to a known peer, on which both sides can call each other.
///
/// All methods may be called from any task; on the connection's loop they do not leave it.
public final class Connection: Caller, Sendable {
    public let peer: Peer
    private let core: ConnectionCore

    init(peer: Peer, core: ConnectionCore) {
        self.peer = peer
        self.core = core
    }

    /// Whether new calls can be made; false for good once either side is closing it.
    public var isOpen: Bool { core.isOpen.load(ordering: .relaxed) }

    /// Cuts off all calls in both directions and closes; the peer is told the reason. A no-op when it is closed.
    public func close(reason: String) {
        core.loop.run { [core] in core.close(.unavailable, reason) }
    }

    /// Lets the calls that run finish, refuses new ones, then closes. A no-op when it is closed.
    public func drain(reason: String) {
        core.loop.run { [core] in core.drain(reason) }
    }

    /// Returns once the connection is closed, or when the calling task is cancelled.
    public func waitUntilClosed() async {
        _ = await core.closing.wait(unless: { [core] in core.isClosed })
    }

    public func unary<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, _ request: Request, options: CallOptions = CallOptions()
    ) async throws(RPCError) -> Response {
        try await open(method, request, options, deadline: options.deadline).response()
    }

    public func serverStreaming<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, _ request: Request, options: CallOptions = CallOptions()
    ) async throws(RPCError) -> ResponseStream<Response> {
        ResponseStream(try await open(method, request, options, deadline: options.deadline))
    }

    /// Sends the request, lowered to what the peer understands.
    func open(
        _ method: MethodDescriptor, _ request: some VersionedMessage, _ options: CallOptions,
        deadline: ContinuousClock.Instant?
    ) async throws(RPCError) -> CallHandle {
        let encoding: MessageEncoding
        do {
            encoding = try request.encoding(for: peer.manifest)
        } catch {
            throw RPCError(encoding: error, otherwise: .invalidArgument)
        }
        guard !Task.isCancelled else { throw .cancelled() }
        var handle: CallHandle?
        while handle == nil {
            let result = await core.loop.perform { [core] in core.open(method, encoding, options, deadline: deadline) }
            switch result {
            case .opened(let call): handle = CallHandle(call, peer: peer.manifest)
            case .failed(let error): throw error
            case .noRoom:
                switch await core.room.wait(until: deadline, unless: { [core] in core.hasRoom }) {
                case .signalled: continue
                case .cancelled: throw .cancelled()
                case .deadlinePassed: throw .deadlineExceeded(waitingFor: "\(core.peerDescription) to read")
                }
            }
        }
        guard let handle else { throw .cancelled() }
        return handle
    }
}
