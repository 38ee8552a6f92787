/// The bounds of the protocol, each checked before a byte of what it bounds is used.
///
/// They are part of the protocol: a peer may rely on them, and a change is a new protocol version.
package enum WireLimits {
    /// The version in HELLO.
    package static let protocolVersion: UInt16 = 1
    package static let frameHeaderLength = 12
    /// A frame with its header is 16 KiB at most: one TLS record.
    package static let framePayloadLengthMax = 16 * 1024 - frameHeaderLength
    /// Of one message, over all its frames.
    package static let messageLengthMax = 4 * 1024 * 1024
    package static let helloLengthMax = 1024
    package static let releaseLengthMax = 64
    package static let fingerprintLength = 32
    package static let manifestLengthMax = 64 * 1024
    /// Streams that one side has open at a time; one more is refused with RESOURCE_EXHAUSTED.
    package static let streamsMax = 1024
    /// Of STATUS and GOAWAY, in bytes of UTF-8.
    package static let textLengthMax = 1024
    package static let statusDetailsLengthMax = 8 * 1024
    /// What a sender may send on a new stream before the first WINDOW, in bytes.
    package static let initialWindow = 256 * 1024
    /// What WINDOW frames may let a stream's credit grow to, in bytes.
    package static let windowMax = 16 * 1024 * 1024
    /// What each message costs of the window besides its length, so that empty ones are bounded too.
    package static let messageOverhead = 12
    /// Later deadlines travel as this one.
    package static let timeoutMax: Duration = .seconds(7 * 24 * 3600)
    /// Where messages are no longer taken into the outbound queue, in bytes waiting.
    package static let outboundHighMark = 1024 * 1024
    /// Where a peer that does not read loses the connection, in bytes waiting. Above the high mark
    /// by one message and by what control frames may add.
    package static let outboundLengthMax = 8 * 1024 * 1024
}

/// How long a connection waits for its peer.
public struct WireTiming: Sendable, Hashable {
    /// From the first byte until HELLO and manifests are exchanged.
    public var handshakeTimeout: Duration
    /// After so long without a byte from the peer it is sent a PING.
    public var pingInterval: Duration
    /// So long after the PING without a byte from the peer the connection is closed.
    public var pingTimeout: Duration

    /// The defaults notice a vanished peer within 25 seconds.
    public init(
        handshakeTimeout: Duration = .seconds(10),
        pingInterval: Duration = .seconds(15),
        pingTimeout: Duration = .seconds(10)
    ) {
        self.handshakeTimeout = handshakeTimeout
        self.pingInterval = pingInterval
        self.pingTimeout = pingTimeout
    }
}
