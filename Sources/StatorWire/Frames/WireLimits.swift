/// The bounds of the protocol, each checked before a byte of what it bounds is used.
///
/// They are part of the protocol: a peer may rely on them, and a change is a new protocol version.
package enum WireLimits {
    /// The newest version that is spoken here.
    package static let protocolVersion: UInt16 = 1
    /// The oldest version that is spoken here.
    package static let protocolVersionOldest: UInt16 = 1
    package static let frameHeaderLength = 12
    /// A frame with its header is 16 KiB at most: one TLS record.
    package static let frameLengthMax = 16 * 1024
    package static let framePayloadLengthMax = frameLengthMax - frameHeaderLength
    /// Of one message, over all its frames.
    package static let messageLengthMax = 4 * 1024 * 1024
    /// Messages of several frames that may be under way at a time in one direction.
    package static let longMessagesMax = 4
    package static let helloLengthMax = 1024
    package static let releaseLengthMax = 64
    package static let fingerprintLength = 32
    package static let manifestLengthMax = 64 * 1024
    /// Streams that one side has open at a time for calls that are not of priority.
    package static let streamsMax = 1024
    /// Streams above `streamsMax` that are kept for calls of priority; one more is refused with RESOURCE_EXHAUSTED.
    package static let priorityStreamsMax = 64
    /// Of STATUS and GOAWAY, in bytes of UTF-8.
    package static let textLengthMax = 1024
    /// The name of STATUS's details and the details.
    package static let statusDetailsLengthMax = 8 * 1024
    /// What a sender may send on a new stream before the first WINDOW, in bytes.
    package static let initialWindow = 256 * 1024
    /// What a sender may send on a new connection before the first WINDOW of stream 0, in bytes.
    package static let initialConnectionWindow = 1024 * 1024
    /// What WINDOW frames may let a credit grow to, in bytes.
    package static let windowMax = 16 * 1024 * 1024
    /// What each message costs of the windows besides its length, so that empty ones are bounded too.
    package static let messageOverhead = 12
    /// What one message that waits for its consumer withholds of the connection's window at most.
    ///
    /// A long message is bounded by `messageLengthMax` and `longMessagesMax`; if it withheld its whole length, one
    /// slow reader of it would stop every stream of the connection.
    package static let messageHoldMax = initialConnectionWindow / 8
    /// Credit of the connection that ordinary messages leave to those of priority.
    package static let priorityCredit = 64 * 1024
    /// Later deadlines travel as this one.
    package static let timeoutMax: Duration = .seconds(7 * 24 * 3600)
    static let timeoutMicrosecondsMax: UInt64 = 7 * 24 * 3600 * 1_000_000
    /// Where ordinary messages are no longer taken for sending, in bytes waiting.
    package static let outboundHighMark = 1024 * 1024
    /// How much further messages of priority are taken.
    package static let priorityRoom = 64 * 1024
    /// Where a peer that does not read loses the connection, in bytes waiting. Above the high mark
    /// by one message and by what control frames may add.
    package static let outboundLengthMax = 8 * 1024 * 1024
}
