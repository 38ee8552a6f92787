extension WireConnection {
    package enum OnOpen: Equatable, Sendable {
        case opened(StreamID)
        /// The handshake is not over.
        case notReady
        /// The connection drains or is closed: use another one.
        case goingAway
        /// As many streams are open as may be.
        case tooManyStreams
        /// The message is longer than `messageLengthMax`.
        case tooLong
        /// As much waits to be sent as may, or the connection's credit is used up.
        case noRoom
    }

    package enum OnSend: Equatable, Sendable {
        case sent
        /// The stream is gone: finished, cancelled, expired, or the connection is closed. A race, not a mistake.
        case streamEnded
        /// The stream's credit is used up; `writable` comes when there is more.
        case windowUsedUp
        case tooLong
        /// As much waits to be sent as may, or the connection's credit is used up: `hasRoom` says when there is room
        /// again; when it was the credit, `writable` of stream 0 comes.
        case noRoom
    }

    /// Where a message goes.
    enum Way: Equatable {
        /// Straight into the outbound buffer.
        case frame
        /// Behind others, frame by frame.
        case queue
        case refused(OnSend)
    }

    /// Opens a stream, with its first message if there is one; `endsStream` when the opener sends no others.
    ///
    /// `deadline` is kept here; `header.timeout` is what the peer is told and is set from it.
    package mutating func open(
        _ header: CallHeader, message: (some MessageBytes)?, endsStream: Bool = true, isPriority: Bool = false,
        deadline: WireInstant? = nil, now: WireInstant
    ) -> OnOpen {
        guard let message else {
            return openWithoutMessage(header, endsStream: endsStream, isPriority: isPriority, deadline, now)
        }
        return open(
            header, message: message, endsStream: endsStream, isPriority: isPriority, deadline: deadline, now: now)
    }

    // What is generic and `package` is not specialised by its callers' modules (6.3.1): optionals of a type that is
    // known only at run time are dear, a call through a witness is not.

    /// Opens a stream with its first message.
    package mutating func open(
        _ header: CallHeader, message: some MessageBytes, endsStream: Bool = true, isPriority: Bool = false,
        deadline: WireInstant? = nil, now: WireInstant
    ) -> OnOpen {
        let lengthMax = message.byteCountMax
        var start = OpenStart(header: header)
        if let refusal = beginOpen(
            &start, lengthMax: lengthMax, endsStream: endsStream, isPriority: isPriority, deadline, now)
        {
            return refusal
        }
        if start.isQueued {
            finishOpen(start, message.encoded(), endsStream: endsStream)
        } else {
            let buffer = messageBuffer(behind: start.headerLength, lengthMax)
            finishOpen(&start, length: message.write(into: buffer), lengthMax, endsStream: endsStream)
        }
        return .opened(start.id)
    }

    /// Sends a further message on a stream that we opened; nil with `endsStream`: there is none any more, which is
    /// always taken.
    package mutating func request(
        _ id: StreamID, _ message: (some MessageBytes)?, endsStream: Bool
    ) throws(ImpossibleTransition) -> OnSend {
        guard let message else { return try endRequest(id, endsStream: endsStream) }
        let lengthMax = message.byteCountMax
        switch try beginRequest(id, lengthMax) {
        case .refused(let answer): return answer
        case .queue: queueRequest(id, message.encoded(), endsStream: endsStream)
        case .frame:
            let buffer = messageBuffer(behind: 0, lengthMax)
            finishRequest(id, length: message.write(into: buffer), lengthMax, endsStream: endsStream)
        }
        return .sent
    }

    /// Sends a message on a stream that the peer opened; with `endsStream` the call is over with status OK.
    package mutating func respond(_ id: StreamID, _ message: some MessageBytes, endsStream: Bool) -> OnSend {
        let lengthMax = message.byteCountMax
        switch beginResponse(id, lengthMax) {
        case .refused(let answer): return answer
        case .queue: queueResponse(id, message.encoded(), endsStream: endsStream)
        case .frame:
            let buffer = messageBuffer(behind: 0, lengthMax)
            finishResponse(id, length: message.write(into: buffer), lengthMax, endsStream: endsStream)
        }
        return .sent
    }

    /// Ends a stream that the peer opened. A no-op when it is gone already.
    ///
    /// OK comes behind messages that wait; with another status they are dropped.
    package mutating func finish(_ id: StreamID, _ status: CallStatus) {
        guard phase != .closed, let stream = accepted.streams.find(id), !stream.pointee.isFinishing else { return }
        if stream.pointee.isQueued, status.code == .ok {
            queue.append(.status(status), to: id)
            beginFinishing(id, stream)
        } else {
            _ = endAccepted(id)
            status.write(to: &outbound, stream: id)
        }
        grantConnectionCredit()
        noteDrained()
        checkOutbound()
    }

    /// Gives up a stream that we opened. A no-op when it is gone already.
    package mutating func cancel(_ id: StreamID) {
        guard phase != .closed, endOpened(id) else { return }
        outbound.append(FrameHeader(payloadLength: 0, type: .cancel, stream: id))
        grantConnectionCredit()
        noteDrained()
        checkOutbound()
    }

    /// A message was taken by its consumer, who makes room for more of the peer's.
    ///
    /// Not for the first message of a call and the last of a response: those count as consumed when they come.
    package mutating func consumed(_ id: StreamID, length: Int) {
        guard phase != .closed else { return }
        let isOurs = opened.isOurs(id)
        guard let stream = isOurs ? opened.streams.find(id) : accepted.streams.find(id) else { return }
        receiveWindow.release(stream.pointee.receiveWindow.consume(length))
        if isOurs || !stream.pointee.isRequestOver { grantCredit(id, stream) }
        grantConnectionCredit()
    }

    /// The call is of a method of priority: its responses have the room that is kept for those.
    package mutating func prioritize(_ id: StreamID) {
        accepted.streams.find(id)?.pointee.isPriority = true
    }

    /// Whether a request would not be held up for want of the stream's credit; true also when the stream is gone.
    package func canRequest(_ id: StreamID) -> Bool { opened.streams.find(id)?.pointee.sendWindow.isOpen ?? true }

    /// Whether a response would not be held up for want of the stream's credit; true also when the stream is gone.
    package func canRespond(_ id: StreamID) -> Bool { accepted.streams.find(id)?.pointee.sendWindow.isOpen ?? true }

    /// Whether messages are taken: neither does as much wait as may, nor is the connection's credit used up.
    package func hasRoom(isPriority: Bool) -> Bool {
        hasOutboundRoom(isPriority: isPriority) && hasCredit(isPriority: isPriority)
    }
}
