/// How much this side may still send on a stream.
///
/// A message may be begun while the credit is positive and is charged as a whole, so that one longer
/// than the window passes too; what the receiver has to hold is the window and one message.
struct SendWindow: Equatable, Sendable {
    private(set) var credit = WireLimits.initialWindow

    var isOpen: Bool { credit > 0 }

    mutating func charge(_ length: Int) {
        credit -= length + WireLimits.messageOverhead
    }

    /// Adds what a WINDOW frame grants; returns whether the stream may be sent on again.
    mutating func grant(_ more: Int) throws(WireViolation) -> Bool {
        guard credit + more <= WireLimits.windowMax else {
            throw WireViolation(.limitExceeded, "a window of more than \(WireLimits.windowMax) bytes")
        }
        let wasOpen = isOpen
        credit += more
        return isOpen && !wasOpen
    }
}

/// How much the peer may still send on a stream, and what has been consumed of it.
struct ReceiveWindow: Equatable, Sendable {
    private var credit = WireLimits.initialWindow
    private var consumed = 0

    /// A message begins.
    func begin() throws(WireViolation) {
        guard credit > 0 else { throw WireViolation(.limitExceeded, "a message sent although the window was used up") }
    }

    mutating func charge(_ length: Int) {
        credit -= length + WireLimits.messageOverhead
    }

    /// A message has been taken by its consumer; returns the credit to grant, or nil while it is too
    /// little for a frame of its own.
    mutating func consume(_ length: Int) -> Int? {
        consumed += length + WireLimits.messageOverhead
        guard consumed >= WireLimits.initialWindow / 2 else { return nil }
        defer { consumed = 0 }
        credit += consumed
        return consumed
    }
}

/// The message that is coming in over several frames; one at a time on a connection and direction.
struct MessageAssembly: Equatable, Sendable {
    let stream: StreamID
    /// Nil for the continuation of a call that is open already.
    let call: CallHeader?
    /// The call's deadline, when it came in OPEN.
    let deadline: ContinuousClock.Instant?
    var bytes: [UInt8]

    mutating func append(_ more: [UInt8]) throws(WireViolation) {
        guard bytes.count + more.count <= WireLimits.messageLengthMax else {
            throw WireViolation(.limitExceeded, "a message of more than \(WireLimits.messageLengthMax) bytes")
        }
        bytes.append(contentsOf: more)
    }
}
