/// The streams that the peer opened: requests come on them and are answered.
///
/// A stream is `receiving` → `received` (the peer's END_STREAM came) → gone (STATUS or last message
/// sent, cancelled by the peer, or expired); from `receiving` it may be gone at once. From either it is `finishing`
/// while its end waits behind long messages: gone for its owner, and not for the peer. Frames for a
/// stream that is gone are ignored: the peer sent them before it knew. The table as a whole is `open`
/// → `draining` with our GOAWAY: what the peer opens later is ignored, it knows from GOAWAY.
struct AcceptedStreams: ~Copyable {
    enum State { case open, draining }

    enum OnOpen: Equatable {
        case accept
        /// Answer with STATUS RESOURCE_EXHAUSTED; the stream is gone.
        case refuseTooMany
        /// Opened before the peer saw our GOAWAY.
        case ignore
    }

    enum OnMessage: Equatable {
        /// Hand it on, or begin to gather it.
        case take
        /// The next part of the message that is under way.
        case goOn
        case ignore
    }

    var streams = StreamTable()
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

    /// OPEN came; the stream that is accepted is put in.
    @inline(__always)
    mutating func open(_ id: StreamID, _ stream: Stream) throws(WireViolation) -> OnOpen {
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
            guard streams.count < WireLimits.streamsMax + WireLimits.priorityStreamsMax else { return .refuseTooMany }
            streams.insert(stream, as: id)
            return .accept
        }
    }

    /// A frame of a further message came, or of one that is under way.
    @inline(__always)
    func receive(_ id: StreamID, cost: Int) throws(WireViolation) -> OnMessage {
        guard let stream = streams.find(id) else {
            try checkWasOpened(id)
            return .ignore
        }
        if stream.pointee.isFinishing { return .ignore }
        if stream.pointee.isAssembling {
            stream.pointee.receiveWindow.charge(cost)
            return .goOn
        }
        guard !stream.pointee.isRequestOver else {
            throw WireViolation("a message on stream \(id) after its last one")
        }
        guard stream.pointee.receiveWindow.isOpen else { throw ReceiveWindow.usedUp }
        stream.pointee.receiveWindow.charge(cost)
        return .take
    }

    /// The stream is over; returns what was known of it, nil when it was gone.
    @inline(__always)
    mutating func remove(_ id: StreamID) -> Stream? { streams.remove(id) }

    /// A frame came for a stream that is not there: a violation when it never was.
    func checkWasOpened(_ id: StreamID) throws(WireViolation) {
        guard id.rawValue <= lastOpened.rawValue else {
            throw WireViolation("a frame on stream \(id), which was never opened")
        }
    }

    mutating func drain() {
        state = .draining
    }
}
