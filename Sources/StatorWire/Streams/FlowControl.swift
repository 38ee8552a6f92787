/// How much this side may still send, on a stream or on the connection.
///
/// A message may be begun while the credit is positive, also one longer than the credit; what the receiver has to
/// hold is the window and one message.
struct SendWindow: Equatable, Sendable {
    // 32 bits hold it: windowMax above 0, a message below.
    private(set) var credit: Int32

    static let stream = SendWindow(credit: Int32(WireLimits.initialWindow))
    static let connection = SendWindow(credit: Int32(WireLimits.initialConnectionWindow))

    var isOpen: Bool { credit > 0 }

    mutating func charge(_ cost: Int) {
        credit &-= Int32(truncatingIfNeeded: cost)
    }

    /// Adds what a WINDOW frame grants; returns whether sending may go on that could not before.
    mutating func grant(_ more: Int) throws(WireViolation) -> Bool {
        guard Int(credit) + more <= WireLimits.windowMax else {
            throw WireViolation(.limitExceeded, "a window of more than \(WireLimits.windowMax) bytes")
        }
        let wasOpen = isOpen
        credit += Int32(more)
        return isOpen && !wasOpen
    }
}

/// How much the peer may still send on a stream, and what was done with what it sent.
struct ReceiveWindow: Equatable, Sendable {
    private var credit = Int32(WireLimits.initialWindow)
    /// Consumed, and not yet granted again.
    private var consumed: Int32 = 0
    /// What delivered messages withhold of the connection's window.
    private(set) var held: Int32 = 0

    var isOpen: Bool { credit > 0 }

    mutating func charge(_ cost: Int) {
        credit &-= Int32(truncatingIfNeeded: cost)
    }

    static var usedUp: WireViolation {
        WireViolation(.limitExceeded, "a message sent although the window was used up")
    }

    /// A message was delivered and waits for its consumer.
    mutating func hold(_ amount: Int) {
        held &+= Int32(truncatingIfNeeded: amount)
    }

    /// A message was delivered and counts as consumed by that.
    mutating func consumeAtOnce(_ length: Int) {
        consumed &+= Int32(truncatingIfNeeded: length + WireLimits.messageOverhead)
    }

    /// A message was taken by its consumer; returns what it withheld of the connection's window.
    mutating func consume(_ length: Int) -> Int {
        let outstanding = Int(Int32(WireLimits.initialWindow) - credit - consumed)
        consumed += Int32(min(length + WireLimits.messageOverhead, max(0, outstanding)))
        let released = min(Int(held), messageHold(length))
        held -= Int32(released)
        return released
    }

    /// The stream is over for its owner: nothing is held for it any more.
    mutating func takeHeld() -> Int {
        defer { held = 0 }
        return Int(held)
    }

    /// The credit to grant, once it is enough for a frame of its own.
    mutating func grant() -> Int? {
        guard Int(consumed) >= WireLimits.initialWindow / 2 else { return nil }
        defer { consumed = 0 }
        credit += consumed
        return Int(consumed)
    }
}

/// How much the peer may still send on the connection.
///
/// Credit, what is `returned`, and what messages that wait for their consumers hold are together always
/// `initialConnectionWindow`: `returned` may be below 0, when more is held than came out of the credit.
struct ConnectionReceiveWindow: Equatable, Sendable {
    private(set) var credit = WireLimits.initialConnectionWindow
    /// To be granted again.
    private(set) var returned = 0

    /// A message begins.
    @inline(__always)
    func begin() throws(WireViolation) {
        guard credit > 0 else { throw Self.usedUp }
    }

    static var usedUp: WireViolation {
        WireViolation(.limitExceeded, "a message sent although the connection's window was used up")
    }

    /// A frame came, and nothing of it is held.
    @inline(__always)
    mutating func pass(_ cost: Int) {
        credit &-= cost
        returned &+= cost
    }

    /// A message withholds credit until it is consumed.
    @inline(__always)
    mutating func hold(_ amount: Int) {
        returned &-= amount
    }

    /// What was held is not any more.
    @inline(__always)
    mutating func release(_ amount: Int) {
        returned &+= amount
    }

    /// Whether there is enough to grant for a frame of its own.
    @inline(__always)
    var isGrantDue: Bool { returned >= WireLimits.initialConnectionWindow / 2 }

    mutating func grant() -> Int {
        defer { returned = 0 }
        credit += returned
        return returned
    }
}

/// What a frame takes of a window: its part of the message, and once per message the overhead.
@inline(__always)
func frameCost(_ partLength: Int, hasMore: Bool) -> Int {
    partLength + (hasMore ? 0 : WireLimits.messageOverhead)
}

/// What a message withholds of the connection's window until it is consumed.
func messageHold(_ length: Int) -> Int {
    min(length, WireLimits.messageHoldMax) + WireLimits.messageOverhead
}
