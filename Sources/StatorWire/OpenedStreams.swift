/// The streams that this side opened: it sends requests on them and is answered.
///
/// A stream is `requesting` → `requested` (END_STREAM sent) → gone (STATUS or last message received,
/// cancelled, expired, or refused by GOAWAY); from `requesting` it may be gone at once. Frames for a
/// stream that is gone are ignored: the peer sent them before it knew. The table as a whole is `open`
/// → `draining` with the first GOAWAY, sent or received: what runs goes on, nothing new is opened.
struct OpenedStreams: ~Copyable {
    // Not private: the compiler (6.3.1) breaks on a private argument of the generic table.
    enum Request { case requesting, requested }

    private enum State { case open, draining }

    enum OnOpen: Equatable {
        case opened(StreamID)
        case refuseDraining
        case refuseTooMany
    }

    enum OnMessage: Equatable {
        /// Hand it on.
        case deliver
        /// Hand it on; the stream is gone.
        case deliverLast
        /// The stream is gone already.
        case ignore
    }

    enum OnStatus: Equatable {
        case deliver
        case ignore
    }

    enum OnSend: Equatable {
        case send
        case streamEnded
        case windowUsedUp
    }

    private var streams = StreamTable<Request>()
    private var state = State.open
    private var nextID: UInt32

    init(firstID: UInt32) {
        nextID = firstID
    }

    var count: Int { streams.count }
    /// Not later than the earliest deadline; earlier when that stream is gone.
    var nextDeadline: ContinuousClock.Instant? { streams.nextDeadline }

    func contains(_ id: StreamID) -> Bool { streams[id] != nil }

    mutating func open(messageLength: Int, endsStream: Bool, deadline: ContinuousClock.Instant?) -> OnOpen {
        switch state {
        case .draining: return .refuseDraining
        case .open:
            guard streams.count < WireLimits.streamsMax else { return .refuseTooMany }
            // A connection that has used up its numbers is to be replaced: whoever asked lets it go away.
            guard nextID < UInt32.max - 1 else { return .refuseDraining }
            let id = StreamID(nextID)
            nextID += 2
            var stream = StreamTable<Request>.Stream(request: endsStream ? .requested : .requesting, deadline: deadline)
            stream.sendWindow.charge(messageLength)
            streams.insert(stream, as: id)
            return .opened(id)
        }
    }

    /// A further message of ours is to be sent.
    mutating func send(_ id: StreamID, length: Int, endsStream: Bool) throws(ImpossibleTransition) -> OnSend {
        guard var stream = streams[id] else { return .streamEnded }
        switch stream.request {
        case .requested: throw ImpossibleTransition("a message sent after the last one")
        case .requesting:
            guard stream.sendWindow.isOpen else { return .windowUsedUp }
            stream.sendWindow.charge(length)
            if endsStream { stream.request = .requested }
            streams[id] = stream
            return .send
        }
    }

    /// The first bytes of a message of the peer's came; false: the stream is gone.
    func begin(_ id: StreamID) throws(WireViolation) -> Bool {
        guard let stream = try find(id) else { return false }
        try stream.receiveWindow.begin()
        return true
    }

    /// The whole message has come.
    mutating func receiveMessage(_ id: StreamID, length: Int, endsStream: Bool) -> OnMessage {
        guard streams[id] != nil else { return .ignore }
        if endsStream {
            streams[id] = nil
            return .deliverLast
        }
        streams[id]?.receiveWindow.charge(length)
        return .deliver
    }

    mutating func receiveStatus(_ id: StreamID) throws(WireViolation) -> OnStatus {
        guard try find(id) != nil else { return .ignore }
        streams[id] = nil
        return .deliver
    }

    /// The peer lets us send more; true: the stream was stopped for want of it.
    mutating func receiveWindow(_ id: StreamID, credit: Int) throws(WireViolation) -> Bool {
        guard try find(id) != nil else { return false }
        return try streams[id]?.sendWindow.grant(credit) ?? false
    }

    /// A message was taken by its consumer; returns the credit to send. Nothing once the stream is gone.
    mutating func consume(_ id: StreamID, length: Int) -> Int? {
        streams[id]?.receiveWindow.consume(length)
    }

    /// We give the call up; false: it is gone already.
    mutating func cancel(_ id: StreamID) -> Bool {
        streams.remove(id)
    }

    /// Nothing new is to be opened.
    mutating func drain() {
        state = .draining
    }

    /// The peer's GOAWAY came: streams after `lastServed` are gone and returned.
    mutating func drain(lastServed: StreamID) throws(WireViolation) -> [StreamID] {
        state = .draining
        if lastServed != .connection, !isOurs(lastServed) || lastServed.rawValue >= nextID {
            throw WireViolation("a GOAWAY that names stream \(lastServed), which was never opened")
        }
        let refused = streams.ids.filter { $0.rawValue > lastServed.rawValue }
            .sorted { $0.rawValue < $1.rawValue }
        for id in refused { streams[id] = nil }
        return refused
    }

    /// The streams whose deadline has passed; they are gone.
    mutating func expire(now: ContinuousClock.Instant) -> [StreamID] {
        streams.expire(now: now)
    }

    /// The stream; nil when it is gone; a violation when it never was.
    private func find(_ id: StreamID) throws(WireViolation) -> StreamTable<Request>.Stream? {
        if let stream = streams[id] { return stream }
        guard id.rawValue < nextID else { throw WireViolation("a frame on stream \(id), which was never opened") }
        return nil
    }

    func isOurs(_ id: StreamID) -> Bool { id.rawValue % 2 == nextID % 2 }
}
