/// The streams that the peer opened: requests come on them and are answered.
///
/// A stream is `receiving` → `received` (the peer's END_STREAM came) → gone (STATUS or last message
/// sent, cancelled by the peer, or expired); from `receiving` it may be gone at once. Frames for a
/// stream that is gone are ignored: the peer sent them before it knew. The table as a whole is `open`
/// → `draining` with our GOAWAY: what the peer opens later is ignored, it knows from GOAWAY.
struct AcceptedStreams: ~Copyable {
    // Not private: the compiler (6.3.1) breaks on a private argument of the generic table.
    enum Request { case receiving, received }

    private enum State { case open, draining }

    enum OnOpen: Equatable {
        case accept
        /// Answer with STATUS RESOURCE_EXHAUSTED; the stream is gone.
        case refuseTooMany
        /// Opened before the peer saw our GOAWAY.
        case ignore
    }

    enum OnMessage: Equatable {
        case deliver
        case ignore
    }

    enum OnSend: Equatable {
        case send
        /// Send it; the stream is gone.
        case sendLast
        /// The stream is gone already: cancelled or expired.
        case streamEnded
        case windowUsedUp
    }

    private var streams = StreamTable<Request>()
    private var state = State.open
    /// The peer's numbers are odd.
    private let areOdd: Bool
    /// The newest stream that the peer opened, ignored ones included.
    private var lastOpened = StreamID.connection
    /// The newest stream that was not ignored.
    private(set) var lastServed = StreamID.connection

    init(firstID: UInt32) {
        areOdd = firstID % 2 == 1
    }

    var count: Int { streams.count }
    /// Not later than the earliest deadline; earlier when that stream is gone.
    var nextDeadline: ContinuousClock.Instant? { streams.nextDeadline }

    var isDraining: Bool { state == .draining }

    func contains(_ id: StreamID) -> Bool { streams[id] != nil }

    /// OPEN came, perhaps with only the beginning of its message.
    mutating func open(_ id: StreamID, deadline: ContinuousClock.Instant?) throws(WireViolation) -> OnOpen {
        guard (id.rawValue % 2 == 1) == areOdd else {
            throw WireViolation("an OPEN with stream number \(id) of this side")
        }
        guard id.rawValue > lastOpened.rawValue else {
            throw WireViolation("an OPEN of stream \(id), which is not a new one")
        }
        lastOpened = id
        switch state {
        case .draining: return .ignore
        case .open:
            lastServed = id
            guard streams.count < WireLimits.streamsMax else { return .refuseTooMany }
            streams.insert(.init(request: .receiving, deadline: deadline), as: id)
            return .accept
        }
    }

    /// The first bytes of a further message came; false: the stream is gone.
    func begin(_ id: StreamID) throws(WireViolation) -> Bool {
        guard let stream = try find(id) else { return false }
        switch stream.request {
        case .received: throw WireViolation("a message on stream \(id) after its last one")
        case .receiving:
            try stream.receiveWindow.begin()
            return true
        }
    }

    /// A whole message, OPEN's too, has come.
    mutating func receiveMessage(_ id: StreamID, length: Int, endsStream: Bool) -> OnMessage {
        guard var stream = streams[id] else { return .ignore }
        stream.receiveWindow.charge(length)
        if endsStream { stream.request = .received }
        streams[id] = stream
        return .deliver
    }

    /// The peer gave its call up; false: it is gone already.
    mutating func receiveCancel(_ id: StreamID) throws(WireViolation) -> Bool {
        guard try find(id) != nil else { return false }
        streams[id] = nil
        return true
    }

    /// The peer lets us send more; true: the stream was stopped for want of it.
    mutating func receiveWindow(_ id: StreamID, credit: Int) throws(WireViolation) -> Bool {
        guard try find(id) != nil else { return false }
        return try streams[id]?.sendWindow.grant(credit) ?? false
    }

    /// A message was taken by its consumer; returns the credit to send. Nothing after the last message.
    mutating func consume(_ id: StreamID, length: Int) -> Int? {
        guard let stream = streams[id], stream.request == .receiving else { return nil }
        return streams[id]?.receiveWindow.consume(length)
    }

    /// Whether a message would not be held up for want of credit.
    func canSend(_ id: StreamID) -> Bool { streams[id]?.sendWindow.isOpen ?? true }

    /// A message of ours is to be sent.
    mutating func send(_ id: StreamID, length: Int, endsStream: Bool) -> OnSend {
        guard var stream = streams[id] else { return .streamEnded }
        guard stream.sendWindow.isOpen else { return .windowUsedUp }
        if endsStream {
            streams[id] = nil
            return .sendLast
        }
        stream.sendWindow.charge(length)
        streams[id] = stream
        return .send
    }

    /// STATUS is to be sent; false: the stream is gone already.
    mutating func finish(_ id: StreamID) -> Bool {
        streams.remove(id)
    }

    mutating func drain() {
        state = .draining
    }

    /// The streams whose deadline has passed; they are gone.
    mutating func expire(now: ContinuousClock.Instant) -> [StreamID] {
        streams.expire(now: now)
    }

    /// The stream; nil when it is gone; a violation when it never was.
    private func find(_ id: StreamID) throws(WireViolation) -> StreamTable<Request>.Stream? {
        if let stream = streams[id] { return stream }
        guard id.rawValue <= lastOpened.rawValue else {
            throw WireViolation("a frame on stream \(id), which was never opened")
        }
        return nil
    }
}
