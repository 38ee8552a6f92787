/// The pieces of sending that know nothing of a message's type: each generic entry decides with `begin…`, has the
/// message written where it is wanted, and says with `finish…` how long it became.
extension WireConnection {
    @inline(__always)
    func hasOutboundRoom(isPriority: Bool) -> Bool {
        outbound.count + queue.byteCount < WireLimits.outboundHighMark + (isPriority ? WireLimits.priorityRoom : 0)
    }

    @inline(__always)
    func hasCredit(isPriority: Bool) -> Bool {
        sendWindow.credit > (isPriority ? 0 : WireLimits.priorityCredit)
    }

    /// Whether a message may be sent now; who is refused for want of credit is told when there is more.
    @inline(__always)
    mutating func takesMessage(isPriority: Bool) -> Bool {
        guard hasOutboundRoom(isPriority: isPriority) else { return false }
        guard hasCredit(isPriority: isPriority) else {
            isStopped = true
            return false
        }
        return true
    }

    /// Room for a message in the frame that comes next, behind its header and `prefixLength` bytes.
    mutating func messageBuffer(behind prefixLength: Int, _ lengthMax: Int) -> UnsafeMutableRawBufferPointer {
        let offset = WireLimits.frameHeaderLength + prefixLength
        return UnsafeMutableRawBufferPointer(start: outbound.reserve(offset + lengthMax) + offset, count: lengthMax)
    }

    /// The message was written into the last `messageBuffer`: its frame belongs to what waits.
    @inline(__always)
    private mutating func commitMessage(
        _ type: FrameType, _ flags: FrameFlags, _ id: StreamID, length: Int, prefixLength: Int = 0
    ) {
        let payloadLength = prefixLength + length
        FrameHeader(payloadLength: payloadLength, type: type, flags: flags, stream: id)
            .write(to: outbound.reserve(WireLimits.frameHeaderLength))
        outbound.commit(WireLimits.frameHeaderLength + payloadLength)
        sendWindow.charge(frameCost(length, hasMore: false))
    }

    /// What a message says it wrote; one that says more than it announced is cut, and is a mistake of ours.
    @inline(__always)
    private func checked(_ length: Int, _ lengthMax: Int) -> Int {
        assert(length >= 0 && length <= lengthMax, "a message longer than it announced")
        return max(0, min(length, lengthMax))
    }
}

// Requests and responses
extension WireConnection {
    mutating func beginRequest(_ id: StreamID, _ lengthMax: Int) throws(ImpossibleTransition) -> Way {
        guard phase != .closed else { return .refused(.streamEnded) }
        guard lengthMax <= WireLimits.messageLengthMax else { return .refused(.tooLong) }
        let answer = try opened.send(id)
        switch answer {
        case .streamEnded: return .refused(.streamEnded)
        case .windowUsedUp: return .refused(.windowUsedUp)
        case .send, .queue:
            let isPriority = opened.streams.find(id)?.pointee.isPriority ?? false
            guard takesMessage(isPriority: isPriority) else { return .refused(.noRoom) }
            return answer == .queue || lengthMax > WireLimits.framePayloadLengthMax ? .queue : .frame
        }
    }

    mutating func finishRequest(_ id: StreamID, length: Int, _ lengthMax: Int, endsStream: Bool) {
        let length = checked(length, lengthMax)
        commitMessage(.message, endsStream ? .endStream : [], id, length: length)
        opened.sent(id, length: length, endsStream: endsStream, isQueued: false)
    }

    mutating func queueRequest(_ id: StreamID, _ message: [UInt8], endsStream: Bool) {
        queue.append(.message(message, endsStream: endsStream), to: id)
        opened.sent(id, length: message.count, endsStream: endsStream, isQueued: true)
    }

    mutating func endRequest(_ id: StreamID, endsStream: Bool) throws(ImpossibleTransition) -> OnSend {
        guard endsStream else { throw ImpossibleTransition("neither a message nor the end of a request") }
        guard phase != .closed, let stream = opened.streams.find(id) else { return .streamEnded }
        guard !stream.pointee.isRequestOver else { throw ImpossibleTransition("a request ended twice") }
        stream.pointee.isRequestOver = true
        if stream.pointee.isQueued {
            queue.append(.noMessage, to: id)
        } else {
            outbound.append(
                FrameHeader(payloadLength: 0, type: .message, flags: [.endStream, .noMessage], stream: id))
            checkOutbound()
        }
        return .sent
    }

    mutating func beginResponse(_ id: StreamID, _ lengthMax: Int) -> Way {
        guard phase != .closed else { return .refused(.streamEnded) }
        guard lengthMax <= WireLimits.messageLengthMax else { return .refused(.tooLong) }
        guard let stream = accepted.streams.find(id), !stream.pointee.isFinishing else {
            return .refused(.streamEnded)
        }
        guard stream.pointee.sendWindow.isOpen else { return .refused(.windowUsedUp) }
        let isQueued = stream.pointee.isQueued
        guard takesMessage(isPriority: stream.pointee.isPriority) else { return .refused(.noRoom) }
        return isQueued || lengthMax > WireLimits.framePayloadLengthMax ? .queue : .frame
    }

    mutating func finishResponse(_ id: StreamID, length: Int, _ lengthMax: Int, endsStream: Bool) {
        let length = checked(length, lengthMax)
        commitMessage(.message, endsStream ? .endStream : [], id, length: length)
        if endsStream {
            _ = endAccepted(id)
            if receiveWindow.isGrantDue { grantConnectionCredit() }
            noteDrained()
        } else {
            accepted.streams.find(id)?.pointee.sendWindow.charge(frameCost(length, hasMore: false))
        }
    }

    mutating func queueResponse(_ id: StreamID, _ message: [UInt8], endsStream: Bool) {
        guard let stream = accepted.streams.find(id) else { return }
        queue.append(.message(message, endsStream: endsStream), to: id)
        stream.pointee.sendWindow.charge(frameCost(message.count, hasMore: false))
        stream.pointee.isQueued = true
        if endsStream {
            beginFinishing(id, stream)
            grantConnectionCredit()
        }
    }

    /// The stream's end waits in the queue: its owner is done with it.
    mutating func beginFinishing(_ id: StreamID, _ stream: UnsafeMutablePointer<Stream>) {
        stream.pointee.isFinishing = true
        receiveWindow.release(stream.pointee.receiveWindow.takeHeld())
        if stream.pointee.isAssembling { assemblies.take(id) }
        stream.pointee.isAssembling = false
    }
}

// The queue
extension WireConnection {
    /// Whether something waits to be sent, be it that it must wait for credit.
    package var hasOutbound: Bool { outbound.count > 0 || !queue.isEmpty }

    /// Whether `next` would return something without any input. Mutating as `acceptedStreamCount` is.
    package var hasEvents: Bool { mutating get { !pending.isEmpty } }

    /// Puts the next frames of long messages into `outbound`, when less than one frame waits there, so that what comes
    /// later waits behind one of them at most. Call it before each look at `outbound`.
    package mutating func fillOutbound() {
        if queue.isEmpty { return }
        while outbound.count < WireLimits.frameLengthMax,
            let put = queue.putNext(into: &outbound, mayBegin: sendWindow.isOpen)
        {
            sendWindow.charge(put.cost)
            if put.isLast { noteQueueEmpty(put.stream) }
        }
    }

    /// Nothing of a stream waits any more.
    private mutating func noteQueueEmpty(_ id: StreamID) {
        if opened.isOurs(id) {
            opened.streams.find(id)?.pointee.isQueued = false
            return
        }
        guard let stream = accepted.streams.find(id) else { return }
        stream.pointee.isQueued = false
        guard stream.pointee.isFinishing else { return }
        _ = endAccepted(id)
        noteDrained()
    }
}

// OPEN
extension WireConnection {
    /// A stream that is being opened.
    struct OpenStart {
        var header: CallHeader
        /// Put into the table when its OPEN is.
        var stream = Stream()
        var id = StreamID.connection
        var headerLength = 0
        /// Its message goes into the queue, behind OPEN.
        var isQueued = false
    }

    /// Nil: a stream was opened, and its OPEN must follow.
    mutating func beginOpen(
        _ start: inout OpenStart, lengthMax: Int, endsStream: Bool, isPriority: Bool,
        _ deadline: WireInstant?, _ now: WireInstant
    ) -> OnOpen? {
        switch phase {
        case .handshaking: return .notReady
        case .draining, .closed: return .goingAway
        case .open: break
        }
        guard lengthMax <= WireLimits.messageLengthMax else { return .tooLong }
        guard takesMessage(isPriority: isPriority) else { return .noRoom }
        if let deadline { start.header.setTimeout(microseconds: now.microseconds(until: deadline)) }
        switch opened.open(isPriority: isPriority) {
        case .refuseDraining:
            goAwayWithoutNumbers()
            return .goingAway
        case .refuseTooMany: return .tooManyStreams
        case .open(let id):
            openCount &+= 1
            start.stream.isRequestOver = endsStream
            start.stream.isPriority = isPriority
            start.stream.deadline = deadline
            start.id = id
            start.headerLength = start.header.byteCount
            start.isQueued = start.headerLength + lengthMax > WireLimits.framePayloadLengthMax
            return nil
        }
    }

    mutating func finishOpen(_ start: inout OpenStart, length: Int, _ lengthMax: Int, endsStream: Bool) {
        let length = checked(length, lengthMax)
        let payload = outbound.reserve(WireLimits.frameHeaderLength) + WireLimits.frameHeaderLength
        start.header.write(to: payload)
        let flags = endsStream ? start.header.flags.union(.endStream) : start.header.flags
        commitMessage(.open, flags, start.id, length: length, prefixLength: start.headerLength)
        start.stream.sendWindow.charge(frameCost(length, hasMore: false))
        opened.insert(start.stream, as: start.id)
    }

    /// OPEN goes out at once, so that the numbers of streams stay in their order; its message follows.
    mutating func finishOpen(_ start: OpenStart, _ message: [UInt8], endsStream: Bool) {
        appendOpen(start, .more)
        queueRequest(start.id, message, endsStream: endsStream)
    }

    mutating func openWithoutMessage(
        _ header: CallHeader, endsStream: Bool, isPriority: Bool,
        _ deadline: WireInstant?, _ now: WireInstant
    ) -> OnOpen {
        var start = OpenStart(header: header)
        if let refusal = beginOpen(
            &start, lengthMax: 0, endsStream: endsStream, isPriority: isPriority, deadline, now)
        {
            return refusal
        }
        appendOpen(start, endsStream ? [.noMessage, .endStream] : .noMessage)
        return .opened(start.id)
    }

    private mutating func appendOpen(_ start: OpenStart, _ flags: FrameFlags) {
        let length = start.headerLength
        let place = outbound.reserve(WireLimits.frameHeaderLength + length)
        FrameHeader(
            payloadLength: length, type: .open, flags: start.header.flags.union(flags), stream: start.id
        ).write(to: place)
        start.header.write(to: place + WireLimits.frameHeaderLength)
        outbound.commit(WireLimits.frameHeaderLength + length)
        opened.insert(start.stream, as: start.id)
    }

    /// No stream can be opened any more: the connection drains, and its owner hears of it as if the peer had said so.
    private mutating func goAwayWithoutNumbers() {
        let text = "its stream numbers are used up"
        if phase == .open {
            pending.append(.goingAway(GoAway(lastStream: .connection, code: .drain, text: text), refused: []))
        }
        drain(text)
    }
}
