internal import StatorObjects
internal import StatorReactor
internal import StatorWire
internal import Synchronization

/// An established connection to a known peer, on which both sides can call each other.
///
/// All methods may be called from any task; on the connection's loop they do not leave it.
public final class Connection: Sendable {
    public let peer: Peer
    let core: ConnectionCore
    /// The peer's, apart from its names: asked for with every call.
    let callerClass: CallerClass
    /// What messages to the peer are lowered to; nil: it understands just what this side does.
    let lowering: Manifest?

    init(peer: Peer, lowering: Manifest?, core: ConnectionCore) {
        self.peer = peer
        callerClass = peer.identity.callerClass
        self.lowering = lowering
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
}
