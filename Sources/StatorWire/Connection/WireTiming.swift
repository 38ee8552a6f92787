/// How long a connection waits for its peer.
public struct WireTiming: Sendable, Hashable {
    /// From the first byte until HELLO and manifests are exchanged.
    public var handshakeTimeout: Duration
    /// After so long without a byte from the peer it is sent a PING.
    public var pingInterval: Duration
    /// So long after the PING without a byte from the peer the connection is closed.
    public var pingTimeout: Duration
    /// After so long without a stream of either side the connection goes away; nil: never.
    public var idleTimeout: Duration?

    /// The defaults notice a vanished peer within 25 seconds.
    public init(
        handshakeTimeout: Duration = .seconds(10),
        pingInterval: Duration = .seconds(15),
        pingTimeout: Duration = .seconds(10),
        idleTimeout: Duration? = nil
    ) {
        self.handshakeTimeout = handshakeTimeout
        self.pingInterval = pingInterval
        self.pingTimeout = pingTimeout
        self.idleTimeout = idleTimeout
    }
}
