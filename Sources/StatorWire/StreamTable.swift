/// What the opener's and the acceptor's table of streams have in common: windows and deadlines.
///
/// Copyable values, unlike other machines: a Dictionary holds no noncopyable ones.
struct StreamTable<Request: Sendable> {
    struct Stream {
        /// How far the request has come.
        var request: Request
        var sendWindow = SendWindow()
        var receiveWindow = ReceiveWindow()
        var deadline: ContinuousClock.Instant?
    }

    private var streams: [StreamID: Stream] = [:]
    /// Not later than the earliest deadline; earlier when that stream is gone.
    private(set) var nextDeadline: ContinuousClock.Instant?

    var count: Int { streams.count }
    var ids: some Collection<StreamID> { streams.keys }

    subscript(_ id: StreamID) -> Stream? {
        get { streams[id] }
        set { streams[id] = newValue }
        _modify { yield &streams[id] }
    }

    mutating func insert(_ stream: Stream, as id: StreamID) {
        streams[id] = stream
        nextDeadline = earlier(nextDeadline, stream.deadline)
    }

    /// Returns whether the stream was still there.
    mutating func remove(_ id: StreamID) -> Bool {
        streams.removeValue(forKey: id) != nil
    }

    /// Takes out the streams whose deadline has passed.
    mutating func expire(now: ContinuousClock.Instant) -> [StreamID] {
        guard let first = nextDeadline, first <= now else { return [] }
        var expired: [StreamID] = []
        nextDeadline = nil
        for (id, stream) in streams {
            guard let deadline = stream.deadline else { continue }
            if deadline <= now { expired.append(id) } else { nextDeadline = earlier(nextDeadline, deadline) }
        }
        for id in expired { streams[id] = nil }
        return expired.sorted { $0.rawValue < $1.rawValue }
    }
}

/// The earlier of two instants; nil: never.
func earlier(_ a: ContinuousClock.Instant?, _ b: ContinuousClock.Instant?) -> ContinuousClock.Instant? {
    guard let a, let b else { return a ?? b }
    return min(a, b)
}
