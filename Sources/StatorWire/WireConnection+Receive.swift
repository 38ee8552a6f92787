extension WireConnection {
    /// Bytes came from the peer, in whatever pieces. Ignored once the connection is closed.
    package mutating func receive(_ bytes: RawSpan, now: ContinuousClock.Instant) {
        guard phase != .closed else { return }
        keepalive.receive(now: now)
        checkStall(now: now)
        guard phase != .closed else { return }
        decoder.append(bytes)
    }

    /// The next event; nil: more bytes or time are needed. A violation comes as `closed`.
    package mutating func next(now: ContinuousClock.Instant) -> WireEvent? {
        while pending.isEmpty, phase != .closed {
            do throws(WireViolation) {
                guard let frame = try decoder.next() else { return nil }
                try handle(frame, now: now)
            } catch {
                close(WireClose(cause: .violation, code: error.code, text: error.text))
            }
        }
        return pending.isEmpty ? nil : pending.removeFirst()
    }

    private mutating func handle(_ frame: Frame, now: ContinuousClock.Instant) throws(WireViolation) {
        if phase == .handshaking { try checkIsOfHandshake(frame) }
        switch frame {
        case .hello(let hello):
            try handshake.receiveHello()
            pending.append(.hello(hello))
        case .helloAck(let wantsManifest):
            try handshake.receiveAcknowledgement()
            if wantsManifest { sendManifest() }
            becomeReadyIfComplete()
        case .manifest(let part, let hasMore):
            guard let whole = try handshake.receiveManifest(part, hasMore: hasMore) else { return }
            pending.append(.manifest(whole))
        case .open(let id, let call, let part):
            try handleOpen(id, call, part, now: now)
        case .message(let id, let part):
            try handleMessage(id, part, now: now)
        case .status(let id, let status):
            guard opened.isOurs(id) else { throw WireViolation("a STATUS on stream \(id) of the peer's own") }
            guard try opened.receiveStatus(id) == .deliver else { return }
            forget(id)
            pending.append(.status(id, status))
            noteDrained()
        case .cancel(let id):
            guard !opened.isOurs(id) else {
                throw WireViolation("a CANCEL on stream \(id), which the peer did not open")
            }
            guard try accepted.receiveCancel(id) else { return }
            forget(id)
            pending.append(.cancelled(id))
            noteDrained()
        case .window(let id, let credit):
            let isWritable =
                opened.isOurs(id)
                ? try opened.receiveWindow(id, credit: credit) : try accepted.receiveWindow(id, credit: credit)
            if isWritable { pending.append(.writable(id)) }
        case .ping(let number):
            outbound.append(FrameHeader(payloadLength: 8, type: .pong))
            outbound.append(number)
            checkOutbound()
        case .pong(let number):
            try keepalive.receivePong(number)
        case .goAway(let goAway):
            try handleGoAway(goAway)
        }
    }

    /// Streams wait until both sides know each other; a peer that uses one knows that we are not there yet.
    private func checkIsOfHandshake(_ frame: Frame) throws(WireViolation) {
        switch frame {
        case .hello, .helloAck, .manifest, .ping, .pong, .goAway: return
        case .open, .message, .status, .cancel, .window:
            throw WireViolation("a frame of a stream before HELLO and manifest were exchanged")
        }
    }

    private mutating func handleOpen(
        _ id: StreamID, _ call: CallHeader, _ part: MessagePart, now: ContinuousClock.Instant
    ) throws(WireViolation) {
        guard assembly == nil else { throw WireViolation("an OPEN between the parts of a message") }
        let deadline = call.timeout.map { now.advanced(by: $0) }
        switch try accepted.open(id, deadline: deadline) {
        case .ignore: return
        case .refuseTooMany:
            CallStatus(.resourceExhausted, "more than \(WireLimits.streamsMax) calls at a time on one connection")
                .write(to: &outbound, stream: id)
            checkOutbound()
        case .accept:
            if part.hasMore {
                assembly = MessageAssembly(stream: id, call: call, deadline: deadline, bytes: part.bytes)
            } else {
                deliverCall(id, call, part.bytes, deadline: deadline, endsStream: part.endsStream)
            }
        }
    }

    private mutating func deliverCall(
        _ id: StreamID, _ call: CallHeader, _ message: [UInt8], deadline: ContinuousClock.Instant?, endsStream: Bool
    ) {
        guard accepted.receiveMessage(id, length: message.count, endsStream: endsStream) == .deliver else { return }
        pending.append(.opened(id, call, message: message, deadline: deadline, endsStream: endsStream))
    }

    private mutating func handleMessage(
        _ id: StreamID, _ part: MessagePart, now: ContinuousClock.Instant
    ) throws(WireViolation) {
        if var assembly {
            // A stream that is gone may still have parts under way; those are ignored below.
            if assembly.stream == id {
                self.assembly = nil
                try assembly.append(part.bytes)
                if part.hasMore {
                    self.assembly = assembly
                } else if let call = assembly.call {
                    deliverCall(id, call, assembly.bytes, deadline: assembly.deadline, endsStream: part.endsStream)
                } else {
                    deliverMessage(id, assembly.bytes, endsStream: part.endsStream)
                }
                return
            }
            guard !opened.contains(id), !accepted.contains(id) else {
                throw WireViolation("a message on stream \(id) between the parts of one on stream \(assembly.stream)")
            }
        }
        guard opened.isOurs(id) ? try opened.begin(id) : try accepted.begin(id) else { return }
        if part.hasMore {
            assembly = MessageAssembly(stream: id, call: nil, deadline: nil, bytes: part.bytes)
        } else {
            deliverMessage(id, part.bytes, endsStream: part.endsStream)
        }
    }

    private mutating func deliverMessage(_ id: StreamID, _ message: [UInt8], endsStream: Bool) {
        if opened.isOurs(id) {
            switch opened.receiveMessage(id, length: message.count, endsStream: endsStream) {
            case .ignore: return
            case .deliver, .deliverLast: pending.append(.responseMessage(id, message, endsStream: endsStream))
            }
            noteDrained()
        } else {
            switch accepted.receiveMessage(id, length: message.count, endsStream: endsStream) {
            case .ignore: return
            case .deliver: pending.append(.requestMessage(id, message, endsStream: endsStream))
            }
        }
    }

    /// The first GOAWAY stops new streams; one with another code than `drain` ends the connection.
    private mutating func handleGoAway(_ goAway: GoAway) throws(WireViolation) {
        let refused = try opened.drain(lastServed: goAway.lastStream)
        for id in refused { forget(id) }
        guard goAway.code == .drain else {
            return close(WireClose(cause: .peer, code: goAway.code, text: goAway.text))
        }
        guard phase != .handshaking else {
            return close(WireClose(cause: .peer, code: .unavailable, text: goAway.text))
        }
        phase = .draining
        pending.append(.goingAway(goAway, refused: refused))
        noteDrained()
    }
}
