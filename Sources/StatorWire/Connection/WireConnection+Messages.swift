/// OPEN and MESSAGE as they come.
extension WireConnection {
    @inline(__always)
    mutating func handleOpen(
        _ frame: FrameHeader, _ input: UnsafeRawBufferPointer, _ range: Range<Int>, now: WireInstant
    ) throws(WireViolation) -> WireEvent? {
        let (id, flags) = (frame.stream, frame.flags)
        let headerLength = CallHeader.byteCount(flags)
        guard range.count >= headerLength else { throw WireViolation("an OPEN cut short") }
        let message = range.lowerBound + headerLength..<range.upperBound
        try checkPart(message.count, flags)
        let header = CallHeader(decoding: input.part(range), flags: flags)
        let hasMore = flags.contains(.more)
        var stream = Stream()
        stream.deadline = header.deadline(from: now)
        if flags.contains(.noMessage) {
            stream.isRequestOver = flags.contains(.endStream)
            guard try accept(id, stream) else { return nil }
            return .opened(id, header, nil, deadline: stream.deadline, endsStream: stream.isRequestOver)
        }
        let cost = frameCost(message.count, hasMore: hasMore)
        // An OPEN that has nothing of its message does not begin it.
        if !(hasMore && message.isEmpty) { try receiveWindow.begin() }
        receiveWindow.pass(cost)
        stream.receiveWindow.charge(cost)
        if hasMore {
            stream.isAssembling = true
            stream.isUndelivered = true
            guard try accept(id, stream) else { return nil }
            try beginAssembly(id, .init(header: header, deadline: stream.deadline), input.part(message))
            return nil
        }
        stream.isRequestOver = flags.contains(.endStream)
        stream.receiveWindow.consumeAtOnce(message.count)
        guard try accept(id, stream) else { return nil }
        return .opened(
            id, header, .inPlace(message), deadline: stream.deadline, endsStream: stream.isRequestOver)
    }

    /// Whether the stream that OPEN begins is taken.
    @inline(__always)
    private mutating func accept(_ id: StreamID, _ stream: Stream) throws(WireViolation) -> Bool {
        switch try accepted.open(id, stream) {
        case .accept:
            openCount &+= 1
            return true
        case .ignore: return false
        case .refuseTooMany:
            let limit = WireLimits.streamsMax + WireLimits.priorityStreamsMax
            CallStatus(.resourceExhausted, "more than \(limit) calls at a time on one connection")
                .write(to: &outbound, stream: id)
            checkOutbound()
            return false
        }
    }

    private mutating func beginAssembly(
        _ id: StreamID, _ call: MessageAssembly.Call?, _ part: UnsafeRawBufferPointer
    ) throws(WireViolation) {
        if let call, part.isEmpty {
            assemblies.begin(id, call)
        } else {
            try assemblies.begin(id, call, part)
        }
    }

    /// What flags and length of an OPEN or MESSAGE say must go together.
    @inline(__always)
    private func checkPart(_ length: Int, _ flags: FrameFlags) throws(WireViolation) {
        let both: FrameFlags = [.more, .endStream]
        if flags.isSuperset(of: both) {
            throw WireViolation("a frame that both continues its message and ends its stream")
        }
        if flags.contains(.noMessage), length > 0 || flags.contains(.more) {
            throw WireViolation("a frame without message that has some of one")
        }
    }

    @inline(__always)
    mutating func handleMessage(
        _ frame: FrameHeader, _ input: UnsafeRawBufferPointer, _ range: Range<Int>
    ) throws(WireViolation) -> WireEvent? {
        let (id, flags) = (frame.stream, frame.flags)
        try checkPart(range.count, flags)
        let isOurs = opened.isOurs(id)
        if flags.contains(.noMessage) {
            guard !isOurs, flags.contains(.endStream) else {
                throw WireViolation("a MESSAGE without message that is not the end of a request")
            }
            return try handleEndOfRequest(id)
        }
        let hasMore = flags.contains(.more)
        guard !(hasMore && range.isEmpty) else { throw WireViolation("an empty part of a message") }
        let cost = frameCost(range.count, hasMore: hasMore)
        let creditBefore = receiveWindow.credit
        receiveWindow.pass(cost)
        let endsStream = flags.contains(.endStream)
        if isOurs {
            switch try opened.receive(id, cost: cost) {
            case .ignore: return nil
            case .goOn: return try continueMessage(id, input, range, flags, creditBefore)
            case .take: break
            }
        } else {
            switch try accepted.receive(id, cost: cost) {
            case .ignore: return nil
            case .goOn: return try continueMessage(id, input, range, flags, creditBefore)
            case .take: break
            }
        }
        guard creditBefore > 0 else { throw ConnectionReceiveWindow.usedUp }
        if hasMore {
            try beginAssembly(id, nil, input.part(range))
            stream(id, isOurs)?.pointee.isAssembling = true
            return nil
        }
        return deliver(id, .inPlace(range), length: range.count, endsStream: endsStream, isOurs: isOurs)
    }

    /// A part of a message came whose beginning, or whose OPEN, was there before.
    @inline(never)
    private mutating func continueMessage(
        _ id: StreamID, _ input: UnsafeRawBufferPointer, _ range: Range<Int>, _ flags: FrameFlags, _ creditBefore: Int
    ) throws(WireViolation) -> WireEvent? {
        if assemblies.isEmpty(id), creditBefore <= 0 { throw ConnectionReceiveWindow.usedUp }
        guard !flags.contains(.more) else {
            try assemblies.append(input.part(range), to: id)
            return nil
        }
        guard let assembly = try assemblies.finish(id, input.part(range)) else { return nil }
        let isOurs = opened.isOurs(id)
        let endsStream = flags.contains(.endStream)
        let message: WireMessage = assembly.bytes.isEmpty ? .inPlace(range) : .assembled(assembly.bytes)
        guard let stream = stream(id, isOurs) else { return nil }
        stream.pointee.isAssembling = false
        guard let call = assembly.call else {
            return deliver(id, message, length: message.byteCount, endsStream: endsStream, isOurs: isOurs)
        }
        stream.pointee.isUndelivered = false
        stream.pointee.isRequestOver = endsStream
        stream.pointee.receiveWindow.consumeAtOnce(message.byteCount)
        if !endsStream { grantCredit(id, stream) }
        return .opened(id, call.header, message, deadline: call.deadline, endsStream: endsStream)
    }

    /// A whole message is there, on a stream that is.
    @inline(__always)
    private mutating func deliver(
        _ id: StreamID, _ message: WireMessage, length: Int, endsStream: Bool, isOurs: Bool
    ) -> WireEvent {
        if isOurs, endsStream {
            _ = endOpened(id)
            noteDrained()
            return .responseMessage(id, message, endsStream: true)
        }
        let hold = messageHold(length)
        receiveWindow.hold(hold)
        if isOurs {
            opened.streams.find(id)?.pointee.receiveWindow.hold(hold)
            return .responseMessage(id, message, endsStream: false)
        }
        if let stream = accepted.streams.find(id) {
            stream.pointee.receiveWindow.hold(hold)
            if endsStream { stream.pointee.isRequestOver = true }
        }
        return .requestMessage(id, message, endsStream: endsStream)
    }

    private mutating func handleEndOfRequest(_ id: StreamID) throws(WireViolation) -> WireEvent? {
        guard let stream = accepted.streams.find(id) else {
            try accepted.checkWasOpened(id)
            return nil
        }
        guard !stream.pointee.isFinishing else { return nil }
        guard !stream.pointee.isAssembling else { throw WireViolation("the end of a request within a message of it") }
        guard !stream.pointee.isRequestOver else { throw WireViolation("a message on stream \(id) after its last one") }
        stream.pointee.isRequestOver = true
        return .requestMessage(id, nil, endsStream: true)
    }

    @inline(__always)
    private func stream(_ id: StreamID, _ isOurs: Bool) -> UnsafeMutablePointer<Stream>? {
        isOurs ? opened.streams.find(id) : accepted.streams.find(id)
    }
}

/// The ends of streams, and the credit that comes back.
extension WireConnection {
    /// A stream of ours is over; false: it was before.
    @inline(__always)
    mutating func endOpened(_ id: StreamID) -> Bool {
        guard let stream = opened.remove(id) else { return false }
        forget(id, stream)
        return true
    }

    /// A stream of the peer's is over; nil: it was before.
    @inline(__always)
    mutating func endAccepted(_ id: StreamID) -> Stream? {
        guard let stream = accepted.remove(id) else { return nil }
        forget(id, stream)
        return stream
    }

    /// What has come of its message and what waits of ours is dropped; what it holds of the window comes back.
    @inline(__always)
    private mutating func forget(_ id: StreamID, _ stream: Stream) {
        receiveWindow.release(Int(stream.receiveWindow.held))
        if stream.isAssembling { assemblies.take(id) }
        if stream.isQueued { queue.remove(id) }
    }

    /// Grants the connection's credit that came back, once it is enough for a frame of its own.
    mutating func grantConnectionCredit() {
        guard receiveWindow.isGrantDue, phase != .closed else { return }
        sendWindowFrame(.connection, receiveWindow.grant())
    }

    mutating func grantCredit(_ id: StreamID, _ stream: UnsafeMutablePointer<Stream>) {
        guard let credit = stream.pointee.receiveWindow.grant() else { return }
        sendWindowFrame(id, credit)
    }

    private mutating func sendWindowFrame(_ id: StreamID, _ credit: Int) {
        outbound.append(FrameHeader(payloadLength: 4, type: .window, stream: id))
        outbound.append(UInt32(credit))
        checkOutbound()
    }
}
