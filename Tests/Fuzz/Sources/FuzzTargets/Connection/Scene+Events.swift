import StatorWire

/// What one end hears, checked against what the other one said.
extension Scene {
    func take(_ event: WireEvent, in input: UnsafeRawBufferPointer, at side: Side) {
        require(side.close == nil, "an event after the connection was closed: \(event)")
        switch event {
        case .hello(let hello):
            if isHonest { require(hello == Side.hello, "another HELLO than was sent") }
            answer { () throws(ImpossibleTransition) in
                try side.wire.acknowledgeHello(wantsManifest: side.wantsManifest)
            }
        case .manifest(let bytes):
            if isHonest { require(bytes == Side.manifest, "another manifest than was sent") }
            answer { () throws(ImpossibleTransition) in try side.wire.acceptManifest() }
        case .ready:
            require(!side.isReady, "ready twice")
            side.isReady = true
        case .opened(let id, let header, let message, let deadline, let endsStream):
            require((header.timeout == nil) == (deadline == nil), "a timeout without a deadline")
            takeOpened(id, header, message, endsStream, in: input, at: side)
        case .requestMessage(let id, let message, let endsStream):
            takeRequest(id, message, endsStream, in: input, at: side)
        case .responseMessage(let id, let message, let endsStream):
            takeResponse(id, message, endsStream, in: input, at: side)
        case .status(let id, let status):
            side.endOpened(id, "status \(status.code)")
            if isHonest { checkStatus(id, status, at: side) }
        case .cancelled(let id):
            side.endServed(id, "a cancellation")
        case .deadlineExceeded(let id):
            side.isOurs(id) ? side.endOpened(id, "a deadline") : side.endServed(id, "a deadline")
        case .writable(let id):
            takeWritable(id, at: side)
        case .goingAway(_, let refused):
            for id in refused {
                side.endOpened(id, "a refusal")
                if isHonest { require(peer(of: side).servedIndex(id) == nil, "a call that was served was refused") }
            }
        case .drained:
            require(!side.hasDrained, "drained twice")
            require(side.liveOpenedCount == 0 && side.liveServedCount == 0, "drained with calls under way")
            side.hasDrained = true
        case .closed(let close):
            takeClose(close, at: side)
        }
    }

    private func answer(_ body: () throws(ImpossibleTransition) -> Void) {
        do throws(ImpossibleTransition) { try body() } catch {
            fail("an event that may not be answered: \(error.text)")
        }
    }

    private func takeOpened(
        _ id: StreamID, _ header: CallHeader, _ message: WireMessage?, _ endsStream: Bool,
        in input: UnsafeRawBufferPointer, at side: Side
    ) {
        require(!side.isOurs(id), "the peer opened a stream of this side's")
        require(side.servedIndex(id) == nil, "stream \(id) opened twice")
        side.add(ServedCall(id: id, requestsEnded: endsStream))
        guard isHonest else { return }
        let peer = peer(of: side)
        guard let index = peer.openedIndex(id) else { fail("a call that nobody made") }
        let sent = peer.opened[index].header
        require(
            header.method == sent.method && header.idempotencyKey == sent.idempotencyKey && header.trace == sent.trace
                && (header.timeout == nil) == (sent.timeout == nil), "a header changed on its way")
        check(peer.opened[index].requests.removeFirst(), message, endsStream, in: input)
    }

    private func takeRequest(
        _ id: StreamID, _ message: WireMessage?, _ endsStream: Bool, in input: UnsafeRawBufferPointer, at side: Side
    ) {
        guard let index = side.servedIndex(id) else { fail("a message on call \(id), which was never opened") }
        require(!side.served[index].isOver && !side.served[index].isFinished, "a message on call \(id), which is over")
        require(!side.served[index].requestsEnded, "a message on call \(id) after the last one")
        side.served[index].requestsEnded = endsStream
        if let message {
            side.served[index].unconsumed.append(message.byteCount)
        } else {
            require(endsStream, "no message and no end")
        }
        guard isHonest else { return }
        let peer = peer(of: side)
        guard let index = peer.openedIndex(id) else { fail("a message that nobody sent") }
        check(peer.opened[index].requests.removeFirst(), message, endsStream, in: input)
    }

    private func takeResponse(
        _ id: StreamID, _ message: WireMessage, _ endsStream: Bool, in input: UnsafeRawBufferPointer, at side: Side
    ) {
        guard let index = side.openedIndex(id) else { fail("a response on call \(id), which was never opened") }
        require(!side.opened[index].isOver, "a response on call \(id), which is over")
        if endsStream {
            side.endOpened(id, "the last response")
        } else {
            side.opened[index].unconsumed.append(message.byteCount)
        }
        guard isHonest else { return }
        let peer = peer(of: side)
        guard let index = peer.servedIndex(id) else { fail("a response that nobody sent") }
        check(peer.served[index].responses.removeFirst(), message, endsStream, in: input)
    }

    private func check(
        _ sent: SentMessages.Message?, _ message: WireMessage?, _ endsStream: Bool, in input: UnsafeRawBufferPointer
    ) {
        guard let sent else { fail("a message that was not sent") }
        require(sent.endsStream == endsStream, "an end of stream appeared or vanished")
        guard let message else { return require(sent.pattern == nil, "a message without its bytes") }
        guard let pattern = sent.pattern else { fail("a message where none was sent") }
        message.withBytes(in: input) { bytes in
            require(pattern.matches(bytes), "a message of \(pattern.length) bytes was changed on its way")
        }
    }

    /// A call that ended with OK has had all its responses.
    private func checkStatus(_ id: StreamID, _ status: CallStatus, at side: Side) {
        let peer = peer(of: side)
        guard let index = peer.servedIndex(id) else {
            return require(status.code != .ok, "a call that nobody served ended with OK")
        }
        // The peer's clock ends a call too, also one whose answer still waits to be sent.
        if status.code == .deadlineExceeded, peer.served[index].status != status.code {
            let header = side.openedIndex(id).map { side.opened[$0].header }
            return require(header?.timeout != nil, "a call without a deadline ended by one")
        }
        guard let code = peer.served[index].status else { fail("a call ended with \(status.code), which nobody said") }
        require(status.code == code, "another status than was sent")
        if code == .ok { require(peer.served[index].responses.isEmpty, "an OK overtook responses") }
    }

    private func takeWritable(_ id: StreamID, at side: Side) {
        if id == .connection {
            side.isStopped = false
        } else if let index = side.openedIndex(id) {
            require(!side.opened[index].isOver, "call \(id) is writable and over")
            side.opened[index].isStopped = false
        } else if let index = side.servedIndex(id) {
            require(!side.served[index].isOver && !side.served[index].isFinished, "call \(id) is writable and over")
            side.served[index].isStopped = false
        } else {
            fail("stream \(id) is writable, and was never opened")
        }
    }

    private func takeClose(_ close: WireClose, at side: Side) {
        side.close = close
        side.liveOpenedCount = 0
        side.liveServedCount = 0
        for index in side.opened.indices { side.opened[index].isOver = true }
        for index in side.served.indices { side.served[index].isOver = true }
        // Time may run out while nothing is delivered; anything else between these two is a mistake of one of them.
        if isHonest, close.cause == .violation {
            require(close.code == .timeout, "an honest peer was accused: \(close.text)")
        }
    }
}
