/// What the peer did or time brought about. The order is the order on the connection.
package enum WireEvent: Equatable, Sendable {
    /// Answer with `acknowledgeHello(wantsManifest:)`.
    case hello(Hello)
    /// Answer with `acceptManifest()` when it has the fingerprint that HELLO named, else `close`.
    case manifest([UInt8])
    /// Both sides know each other; streams may be opened.
    case ready
    /// The peer opened a stream; nil: it begins without a message. The message counts as consumed.
    case opened(StreamID, CallHeader, WireMessage?, deadline: WireInstant?, endsStream: Bool)
    /// A further message of the peer's on a stream that it opened; nil with `endsStream`: there is none any more.
    case requestMessage(StreamID, WireMessage?, endsStream: Bool)
    /// A message on a stream that we opened; with `endsStream` its status is OK, the stream is gone and the message
    /// counts as consumed.
    case responseMessage(StreamID, WireMessage, endsStream: Bool)
    /// The end of a stream that we opened; it is gone.
    case status(StreamID, CallStatus)
    /// The peer gave up a stream that it opened; it is gone.
    case cancelled(StreamID)
    /// A stream of either side whose deadline passed; it is gone, and the peer has been told.
    case deadlineExceeded(StreamID)
    /// A stream may be sent on again that was stopped for want of its own credit; stream 0: all that were refused
    /// for want of the connection's credit (`noRoom`) may try again.
    case writable(StreamID)
    /// The peer takes no new streams, or there is no number left for one; those of ours that were not begun are gone.
    case goingAway(GoAway, refused: [StreamID])
    /// After draining: no stream is left. Close the connection.
    case drained
    /// The connection is over: write what is outbound (a GOAWAY), then close. The last event.
    case closed(WireClose)
}

/// Why a connection is over.
package struct WireClose: Equatable, Sendable {
    package enum Cause: Equatable, Sendable {
        /// The peer said so or simply closed.
        case peer
        /// What the peer did or failed to do.
        case violation
        /// This side closed it.
        case local
    }

    package var cause: Cause
    package var code: GoAwayCode
    package var text: String

    package init(cause: Cause, code: GoAwayCode, text: String) {
        self.cause = cause
        self.code = code
        self.text = text
    }
}
