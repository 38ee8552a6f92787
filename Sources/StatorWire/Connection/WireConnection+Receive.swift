extension WireConnection {
    /// The next event: pending ones first, then those of the frames in `input` from `position` on, which is advanced.
    ///
    /// Nil: nothing more; the bytes from `position` on, less than a frame, are to be given again in front of what comes
    /// next. A message that lies in one frame is not copied: its event says where in `input` it is. A violation comes
    /// as `closed`; after that nothing is looked at.
    package mutating func next(
        _ input: UnsafeRawBufferPointer, _ position: inout Int, now: WireInstant
    ) -> WireEvent? {
        if !pending.isEmpty { return pending.next() }
        while phase != .closed {
            // A header is checked as soon as its twelve bytes are there, before any of its payload is waited for.
            guard input.count - position >= WireLimits.frameHeaderLength else { return nil }
            do throws(WireViolation) {
                let header = try FrameHeader(decoding: input, at: position)
                let start = position + WireLimits.frameHeaderLength
                guard input.count - start >= header.payloadLength else { return nil }
                position = start + header.payloadLength
                if let event = try handle(header, input, start..<position, now: now) { return event }
            } catch {
                close(WireClose(cause: .violation, code: error.code, text: error.text))
            }
            if !pending.isEmpty { break }
        }
        if phase == .closed { position = input.count }
        return pending.next()
    }

    /// Returns the frame's event; what else comes of it is pending.
    @inline(__always)
    private mutating func handle(
        _ header: FrameHeader, _ input: UnsafeRawBufferPointer, _ range: Range<Int>, now: WireInstant
    ) throws(WireViolation) -> WireEvent? {
        let event: WireEvent?
        if header.type == .open, phase != .handshaking {
            event = try handleOpen(header, input, range, now: now)
        } else if header.type == .message, phase != .handshaking {
            event = try handleMessage(header, input, range)
        } else {
            event = try handleOther(header, input.part(range))
        }
        if receiveWindow.isGrantDue { grantConnectionCredit() }
        return event
    }

    @inline(never)
    private mutating func handleOther(
        _ header: FrameHeader, _ payload: UnsafeRawBufferPointer
    ) throws(WireViolation) -> WireEvent? {
        let id = header.stream
        if phase == .handshaking { try checkIsOfHandshake(header.type) }
        switch header.type {
        case .hello: return try handleHello(payload)
        case .helloAck: try handleHelloAck(payload)
        case .manifest: return try handleManifest(payload, hasMore: header.flags.contains(.more))
        case .open, .message: return nil
        case .status: return try handleStatus(id, payload)
        case .cancel: return try handleCancel(id)
        case .window: return try handleWindow(id, payload)
        case .ping:
            try check(payload, hasLength: 8, of: .ping)
            outbound.append(FrameHeader(payloadLength: 8, type: .pong))
            outbound.append(payload)
            checkOutbound()
        case .pong:
            try check(payload, hasLength: 8, of: .pong)
            let number = payload.bigEndian(at: 0, as: UInt64.self)
            try keepalive.receivePong(number)
            finishDrain(draining.receivePong(number))
        case .goAway: return try handleGoAway(try GoAway(decoding: payload))
        }
        return nil
    }

    /// Streams wait until both sides know each other; a peer that uses one knows that we are not there yet.
    private func checkIsOfHandshake(_ type: FrameType) throws(WireViolation) {
        guard handshake.version != nil || type == .hello || type == .goAway else {
            throw WireViolation("a \(type) frame before HELLO")
        }
        switch type {
        case .hello, .helloAck, .manifest, .ping, .pong, .goAway: return
        case .open, .message, .status, .cancel, .window:
            throw WireViolation("a frame of a stream before HELLO and manifest were exchanged")
        }
    }

    private mutating func handleStatus(
        _ id: StreamID, _ payload: UnsafeRawBufferPointer
    ) throws(WireViolation) -> WireEvent? {
        let status = try CallStatus(decoding: payload)
        guard opened.isOurs(id) else { throw WireViolation("a STATUS on stream \(id) of the peer's own") }
        guard endOpened(id) else {
            try opened.checkWasOpened(id)
            return nil
        }
        noteDrained()
        return .status(id, status)
    }

    private mutating func handleCancel(_ id: StreamID) throws(WireViolation) -> WireEvent? {
        guard !opened.isOurs(id) else {
            throw WireViolation("a CANCEL on stream \(id), which the peer did not open")
        }
        guard let stream = endAccepted(id) else {
            try accepted.checkWasOpened(id)
            return nil
        }
        noteDrained()
        return stream.isKnownToOwner ? .cancelled(id) : nil
    }

    private mutating func handleWindow(
        _ id: StreamID, _ payload: UnsafeRawBufferPointer
    ) throws(WireViolation) -> WireEvent? {
        try check(payload, hasLength: 4, of: .window)
        let credit = Int(payload.bigEndian(at: 0, as: UInt32.self))
        guard credit > 0 else { throw WireViolation("a window frame that grants nothing") }
        if id == .connection {
            _ = try sendWindow.grant(credit)
            guard isStopped, sendWindow.isOpen else { return nil }
            isStopped = false
            return .writable(.connection)
        }
        let isOurs = opened.isOurs(id)
        guard let stream = isOurs ? opened.streams.find(id) : accepted.streams.find(id) else {
            if isOurs { try opened.checkWasOpened(id) } else { try accepted.checkWasOpened(id) }
            return nil
        }
        let isWritable = try stream.pointee.sendWindow.grant(credit)
        let isWanted = isOurs ? !stream.pointee.isRequestOver : stream.pointee.isKnownToOwner
        return isWritable && isWanted ? .writable(id) : nil
    }

    /// The first GOAWAY stops new streams; one with another code than `drain` ends the connection.
    private mutating func handleGoAway(_ goAway: GoAway) throws(WireViolation) -> WireEvent? {
        let refused = try opened.drain(goAway)
        for id in refused { _ = endOpened(id) }
        guard goAway.code == .drain else {
            close(WireClose(cause: .peer, code: goAway.code, text: goAway.text))
            return nil
        }
        guard phase != .handshaking else {
            close(WireClose(cause: .peer, code: .unavailable, text: goAway.text))
            return nil
        }
        // The drain's second GOAWAY says nothing new to who has no stream after its last one.
        let isNews = !peerGoesAway || !refused.isEmpty
        peerGoesAway = true
        phase = .draining
        noteDrained()
        return isNews ? .goingAway(goAway, refused: refused) : nil
    }
}
