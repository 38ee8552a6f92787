/// Messages that are longer than a frame, and what comes behind them on their streams.
///
/// They leave frame by frame, the streams in turn, so that no stream waits for the whole of another's message. At most
/// `longMessagesMax` are under way at a time; the others wait here until one of those is through.
struct OutboundQueue {
    enum Entry {
        case message([UInt8], endsStream: Bool)
        /// The opener has no more messages.
        case noMessage
        case status(CallStatus)

        var byteCount: Int {
            switch self {
            case .message(let bytes, _): bytes.count + OutboundQueue.entryOverhead
            case .noMessage, .status: OutboundQueue.entryOverhead
            }
        }

        /// Whether it takes several frames.
        var isLong: Bool {
            switch self {
            case .message(let bytes, _): bytes.count > WireLimits.framePayloadLengthMax
            case .noMessage, .status: false
            }
        }

        var isMessage: Bool {
            switch self {
            case .message: true
            case .noMessage, .status: false
            }
        }
    }

    /// What one stream has here. Its first entry is under way when some of it was put already.
    struct Line {
        let stream: StreamID
        var entries: [Entry]
        var first = 0
        /// How much of the first entry was put.
        var offset = 0

        var head: Entry { entries[first] }
        var isEmpty: Bool { first == entries.count }
    }

    struct Put: Equatable {
        let stream: StreamID
        /// What the frame took of the connection's credit.
        let cost: Int
        /// Nothing of the stream is left here.
        let isLast: Bool
    }

    /// What a waiting message costs of the outbound room besides its length.
    static let entryOverhead = 64

    private var lines: [Line] = []
    /// The line whose turn it is.
    private var turn = 0
    private var underWayCount = 0
    /// What waits here, counted against the outbound room.
    private(set) var byteCount = 0

    var isEmpty: Bool { lines.isEmpty }

    mutating func append(_ entry: Entry, to stream: StreamID) {
        byteCount += entry.byteCount
        if let index = lines.firstIndex(where: { $0.stream == stream }) {
            lines[index].entries.append(entry)
        } else {
            lines.append(Line(stream: stream, entries: [entry]))
        }
    }

    /// Drops what a stream has here.
    mutating func remove(_ stream: StreamID) {
        guard let index = lines.firstIndex(where: { $0.stream == stream }) else { return }
        let line = lines[index]
        if line.offset > 0 { underWayCount -= 1 }
        byteCount -= line.entries[line.first...].reduce(0) { $0 + $1.byteCount } - line.offset
        remove(at: index)
    }

    mutating func removeAll() {
        self = OutboundQueue()
    }

    private mutating func remove(at index: Int) {
        lines.remove(at: index)
        if index < turn { turn -= 1 }
        if lines.isEmpty { self = OutboundQueue() }
    }

    /// Whether `putNext` would put something.
    func hasNext(mayBegin: Bool) -> Bool {
        lines.contains { canPut($0, mayBegin: mayBegin) }
    }

    private func canPut(_ line: Line, mayBegin: Bool) -> Bool {
        if line.offset > 0 { return true }
        if line.head.isMessage, !mayBegin { return false }
        return !line.head.isLong || underWayCount < WireLimits.longMessagesMax
    }

    /// Puts one frame of the stream whose turn it is; nil when there is none that may be put.
    ///
    /// - Parameter mayBegin: Whether the connection's credit allows a message to be begun.
    mutating func putNext(into buffer: inout OutboundBuffer, mayBegin: Bool) -> Put? {
        for step in 0..<lines.count {
            let index = (turn + step) % lines.count
            guard canPut(lines[index], mayBegin: mayBegin) else { continue }
            // The line that is put out of order keeps none from its turn for longer than one frame.
            turn = index + 1
            return put(index, into: &buffer)
        }
        return nil
    }

    private mutating func put(_ index: Int, into buffer: inout OutboundBuffer) -> Put {
        let stream = lines[index].stream
        var cost = 0
        switch lines[index].head {
        case .noMessage:
            buffer.append(
                FrameHeader(payloadLength: 0, type: .message, flags: [.endStream, .noMessage], stream: stream))
        case .status(let status):
            status.write(to: &buffer, stream: stream)
        case .message(let bytes, let endsStream):
            let offset = lines[index].offset
            let length = min(bytes.count - offset, WireLimits.framePayloadLengthMax)
            let hasMore = offset + length < bytes.count
            let flags: FrameFlags = hasMore ? .more : endsStream ? .endStream : []
            buffer.append(FrameHeader(payloadLength: length, type: .message, flags: flags, stream: stream))
            bytes.withUnsafeBytes { buffer.append(UnsafeRawBufferPointer(rebasing: $0[offset..<offset + length])) }
            cost = frameCost(length, hasMore: hasMore)
            if offset == 0, hasMore { underWayCount += 1 }
            if offset > 0, !hasMore { underWayCount -= 1 }
            if hasMore {
                lines[index].offset = offset + length
                byteCount -= length
                return Put(stream: stream, cost: cost, isLast: false)
            }
        }
        byteCount -= lines[index].head.byteCount - lines[index].offset
        lines[index].offset = 0
        lines[index].first += 1
        let isLast = lines[index].isEmpty
        if isLast { remove(at: index) } else { dropSent(index) }
        return Put(stream: stream, cost: cost, isLast: isLast)
    }

    /// Frees the first entry's bytes, and the places of many entries at a time.
    private mutating func dropSent(_ index: Int) {
        let first = lines[index].first
        lines[index].entries[first - 1] = .noMessage
        if first >= 64, first * 2 >= lines[index].entries.count {
            lines[index].entries.removeSubrange(..<first)
            lines[index].first = 0
        }
    }
}
