/// The streams that this side opened: it sends requests on them and is answered.
///
/// A stream is `requesting` → `requested` (END_STREAM sent or queued) → gone (STATUS or last message received,
/// cancelled, expired, or refused by GOAWAY); from `requesting` it may be gone at once. Frames for a
/// stream that is gone are ignored: the peer sent them before it knew. The table as a whole is `open`
/// → `draining` with the first GOAWAY, sent or received: what runs goes on, nothing new is opened.
struct OpenedStreams: ~Copyable {
    enum State { case open, draining }

    enum OnOpen: Equatable {
        /// Insert the stream.
        case open(StreamID)
        case refuseDraining
        case refuseTooMany
    }

    enum OnMessage: Equatable {
        /// Hand it on, or begin to gather it.
        case take
        /// The next part of the message that is under way.
        case goOn
        /// The stream is gone already.
        case ignore
    }

    enum OnSend: Equatable {
        case send
        /// Behind the stream's messages that wait already.
        case queue
        case streamEnded
        case windowUsedUp
    }

    var streams = StreamTable()
    private var state = State.open
    private var nextID: UInt32

    init(firstID: UInt32) {
        nextID = firstID
    }

    var count: Int { streams.count }

    @inline(__always)
    func isOurs(_ id: StreamID) -> Bool { (id.rawValue ^ nextID) & 1 == 0 }

    /// Gives out the number of a new stream; it is put in by `insert` before anything else is asked.
    @inline(__always)
    mutating func open(isPriority: Bool) -> OnOpen {
        switch state {
        case .draining: return .refuseDraining
        case .open:
            let limit = WireLimits.streamsMax + (isPriority ? WireLimits.priorityStreamsMax : 0)
            guard streams.count < limit else { return .refuseTooMany }
            // A connection that has used up its numbers is to be replaced: whoever asked lets it go away.
            guard nextID < UInt32.max - 1 else { return .refuseDraining }
            let id = StreamID(nextID)
            nextID += 2
            return .open(id)
        }
    }

    @inline(__always)
    mutating func insert(_ stream: Stream, as id: StreamID) {
        streams.insert(stream, as: id)
    }

    /// A further message of ours is to be sent.
    @inline(__always)
    func send(_ id: StreamID) throws(ImpossibleTransition) -> OnSend {
        guard let stream = streams.find(id) else { return .streamEnded }
        guard !stream.pointee.isRequestOver else { throw ImpossibleTransition("a message sent after the last one") }
        guard stream.pointee.sendWindow.isOpen else { return .windowUsedUp }
        return stream.pointee.isQueued ? .queue : .send
    }

    /// A message of ours was sent or queued.
    @inline(__always)
    func sent(_ id: StreamID, length: Int, endsStream: Bool, isQueued: Bool) {
        guard let stream = streams.find(id) else { return }
        stream.pointee.sendWindow.charge(frameCost(length, hasMore: false))
        if endsStream { stream.pointee.isRequestOver = true }
        if isQueued { stream.pointee.isQueued = true }
    }

    /// A frame of a message of the peer's came.
    @inline(__always)
    func receive(_ id: StreamID, cost: Int) throws(WireViolation) -> OnMessage {
        guard let stream = streams.find(id) else {
            try checkWasOpened(id)
            return .ignore
        }
        if stream.pointee.isAssembling {
            stream.pointee.receiveWindow.charge(cost)
            return .goOn
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
        guard id.rawValue < nextID else { throw WireViolation("a frame on stream \(id), which was never opened") }
    }

    /// Nothing new is to be opened.
    mutating func drain() {
        state = .draining
    }

    /// The peer's GOAWAY came: returns the streams after its last one, which are over.
    mutating func drain(_ goAway: GoAway) throws(WireViolation) -> [StreamID] {
        state = .draining
        let lastServed = goAway.lastStream
        if lastServed == GoAway.allStreams, goAway.code == .drain { return [] }
        if lastServed != .connection, !isOurs(lastServed) || lastServed.rawValue >= nextID {
            throw WireViolation("a GOAWAY that names stream \(lastServed), which was never opened")
        }
        return streams.ids { id, _ in id.rawValue > lastServed.rawValue }
    }
}
