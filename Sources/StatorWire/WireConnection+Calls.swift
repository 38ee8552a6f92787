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
        /// The outbound queue is at its high mark.
        case noRoom
    }

    package enum OnSend: Equatable, Sendable {
        case sent
        /// The stream is gone: finished, cancelled, expired, or the connection is closed. A race, not a mistake.
        case streamEnded
        /// The stream's credit is used up; `writable` comes when there is more.
        case windowUsedUp
        case tooLong
        /// The outbound queue is at its high mark.
        case noRoom
    }

    /// Opens a stream with its first message; `endsStream` when it is the only one.
    ///
    /// `deadline` is kept here; `call.timeout` is what the peer is told and is set from it.
    package mutating func open(
        _ call: CallHeader, message: some MessageBytes, endsStream: Bool = true,
        deadline: ContinuousClock.Instant? = nil, now: ContinuousClock.Instant
    ) -> OnOpen {
        switch phase {
        case .handshaking: return .notReady
        case .draining, .closed: return .goingAway
        case .open: break
        }
        guard message.byteCount <= WireLimits.messageLengthMax else { return .tooLong }
        guard hasRoom else { return .noRoom }
        var call = call
        if let deadline { call.timeout = now.duration(to: deadline) }
        switch opened.open(messageLength: message.byteCount, endsStream: endsStream, deadline: deadline) {
        case .refuseDraining:
            goAwayWithoutNumbers()
            return .goingAway
        case .refuseTooMany: return .tooManyStreams
        case .opened(let id):
            let flags = endsStream ? call.flags.union(.endStream) : call.flags
            outbound.append(
                message, type: .open, flags: flags, stream: id, prefixLength: call.byteCount,
                prefix: { call.write(to: &$0) })
            return .opened(id)
        }
    }

    /// No stream can be opened any more: the connection drains, and its owner hears of it as if the peer had said so.
    private mutating func goAwayWithoutNumbers() {
        let text = "its stream numbers are used up"
        if phase == .open {
            pending.append(.goingAway(GoAway(lastStream: .connection, code: .drain, text: text), refused: []))
        }
        drain(text)
    }

    /// Sends a further message on a stream that we opened.
    package mutating func request(
        _ id: StreamID, _ message: some MessageBytes, endsStream: Bool
    ) throws(ImpossibleTransition) -> OnSend {
        guard phase != .closed else { return .streamEnded }
        guard message.byteCount <= WireLimits.messageLengthMax else { return .tooLong }
        guard hasRoom else { return .noRoom }
        switch try opened.send(id, length: message.byteCount, endsStream: endsStream) {
        case .streamEnded: return .streamEnded
        case .windowUsedUp: return .windowUsedUp
        case .send:
            outbound.append(message, type: .message, flags: endsStream ? .endStream : [], stream: id)
            return .sent
        }
    }

    /// Sends a message on a stream that the peer opened; with `endsStream` the call is over with status OK.
    package mutating func respond(_ id: StreamID, _ message: some MessageBytes, endsStream: Bool) -> OnSend {
        guard phase != .closed else { return .streamEnded }
        guard message.byteCount <= WireLimits.messageLengthMax else { return .tooLong }
        guard hasRoom else { return .noRoom }
        switch accepted.send(id, length: message.byteCount, endsStream: endsStream) {
        case .streamEnded: return .streamEnded
        case .windowUsedUp: return .windowUsedUp
        case .send:
            outbound.append(message, type: .message, flags: [], stream: id)
        case .sendLast:
            outbound.append(message, type: .message, flags: .endStream, stream: id)
            forget(id)
            noteDrained()
        }
        return .sent
    }

    /// Whether a response would not be held up for want of credit; true also when the stream is gone.
    package func canRespond(_ id: StreamID) -> Bool { accepted.canSend(id) }

    /// Ends a stream that the peer opened. A no-op when it is gone already.
    package mutating func finish(_ id: StreamID, _ status: CallStatus) {
        guard phase != .closed, accepted.finish(id) else { return }
        status.write(to: &outbound, stream: id)
        forget(id)
        noteDrained()
        checkOutbound()
    }

    /// Gives up a stream that we opened. A no-op when it is gone already.
    package mutating func cancel(_ id: StreamID) {
        guard phase != .closed, opened.cancel(id) else { return }
        outbound.append(FrameHeader(payloadLength: 0, type: .cancel, stream: id))
        forget(id)
        noteDrained()
        checkOutbound()
    }

    /// A message was taken by its consumer, who makes room for more of the peer's.
    package mutating func consumed(_ id: StreamID, length: Int) {
        guard phase != .closed else { return }
        let credit =
            opened.isOurs(id) ? opened.consume(id, length: length) : accepted.consume(id, length: length)
        guard let credit else { return }
        outbound.append(FrameHeader(payloadLength: 4, type: .window, stream: id))
        outbound.append(UInt32(credit))
        checkOutbound()
    }
}
