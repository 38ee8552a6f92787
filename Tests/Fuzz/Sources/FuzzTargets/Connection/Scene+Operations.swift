import StatorWire

/// What the owner of one end may ask of it at any time.
extension Scene {
    /// Nil when the call cannot be opened now.
    @discardableResult
    func open(at side: Side, _ choice: UInt8, _ options: UInt8, timeout: Duration?) -> OpenedCall? {
        let endsStream = options & 1 != 0
        let pattern = options & 2 != 0 ? nil : message(choice)
        let isPriority = options & 4 != 0
        var header = CallHeader(method: UInt64(choice) << 8 | UInt64(options))
        if options & 8 != 0 { header.idempotencyKey = Bytes16(high: UInt64(choice), low: UInt64(options)) }
        if options & 16 != 0 {
            header.trace = TraceBytes(
                traceID: Bytes16(high: 1, low: UInt64(choice)), parentID: UInt64(options), flags: choice)
        }
        let deadline = timeout.map { now.advanced(by: $0) }
        switch side.wire.open(
            header, message: pattern, endsStream: endsStream, isPriority: isPriority, deadline: deadline, now: now)
        {
        case .opened(let id):
            require(side.isOurs(id) && side.openedIndex(id) == nil, "a stream number that is not free")
            header.timeout = timeout
            var call = OpenedCall(id: id, header: header, requestsEnded: endsStream)
            call.requests.append(pattern, endsStream: endsStream)
            side.add(call)
            return call
        case .notReady: require(!side.isReady, "not ready after the handshake")
        case .goingAway: require(side.wire.isGoingAway || side.wire.isClosed, "no new calls without a reason")
        case .tooManyStreams: require(side.liveOpenedCount >= WireLimits.streamsMax, "too many streams are too few")
        case .tooLong: fail("a message within the limit is too long")
        case .noRoom: side.noteNoRoom()
        }
        takeEvents(at: side)
        return nil
    }

    func request(at side: Side, _ index: Int, _ choice: UInt8, _ options: UInt8) {
        let call = side.opened[index]
        // To say more after the last message is a mistake of the owner's.
        guard !call.requestsEnded else { return }
        let endsStream = options & 1 != 0
        let pattern = options & 2 != 0 && endsStream ? nil : message(choice)
        do throws(ImpossibleTransition) {
            switch try side.wire.request(call.id, pattern, endsStream: endsStream) {
            case .sent:
                require(!call.isOver, "sent on call \(call.id), which is over")
                side.opened[index].requests.append(pattern, endsStream: endsStream)
                side.opened[index].requestsEnded = endsStream
                // Nobody waits to say more.
                if endsStream { side.opened[index].isStopped = false }
            case .streamEnded: require(call.isOver, "call \(call.id) ended without a word")
            case .windowUsedUp: side.opened[index].isStopped = true
            case .noRoom: side.noteNoRoom()
            case .tooLong: fail("a message within the limit is too long")
            }
        } catch {
            fail("a request that may not be sent: \(error.text)")
        }
    }

    func respond(at side: Side, _ index: Int, _ choice: UInt8, _ options: UInt8) {
        let call = side.served[index]
        let isOver = call.isOver || call.isFinished
        let endsStream = options & 1 != 0
        let pattern = message(choice)
        switch side.wire.respond(call.id, pattern, endsStream: endsStream) {
        case .sent:
            require(!isOver, "sent on call \(call.id), which is over")
            side.served[index].responses.append(pattern, endsStream: endsStream)
            if endsStream { side.finishServed(index) }
        case .streamEnded: require(isOver, "call \(call.id) ended without a word")
        case .windowUsedUp: side.served[index].isStopped = true
        case .noRoom: side.noteNoRoom()
        case .tooLong: fail("a message within the limit is too long")
        }
    }

    func finish(at side: Side, _ index: Int, _ choice: UInt8, _ options: UInt8) {
        let codes = StatusCode.allCases
        let code = codes[Int(choice) % codes.count]
        let details = options & 1 == 0 ? [] : [UInt8](repeating: options, count: Int(options) * 32)
        side.wire.finish(
            side.served[index].id, CallStatus(code, String(repeating: "é", count: Int(options)), details: details))
        guard !side.served[index].isOver, !side.served[index].isFinished else { return }
        side.served[index].status = code
        side.finishServed(index)
    }

    func cancel(at side: Side, _ index: Int) {
        side.wire.cancel(side.opened[index].id)
        guard !side.opened[index].isOver else { return }
        side.opened[index].isOver = true
        side.liveOpenedCount -= 1
    }

    /// Takes the oldest message of a call, or all of them; false when there is none.
    @discardableResult
    func consume(at side: Side, _ isOurs: Bool, _ index: Int, all: Bool) -> Bool {
        let id = isOurs ? side.opened[index].id : side.served[index].id
        var lengths = isOurs ? side.opened[index].unconsumed : side.served[index].unconsumed
        guard !lengths.isEmpty else { return false }
        repeat { side.wire.consumed(id, length: lengths.removeFirst()) } while all && !lengths.isEmpty
        if isOurs { side.opened[index].unconsumed = lengths } else { side.served[index].unconsumed = lengths }
        return true
    }

    @discardableResult
    func consumeAll(at side: Side) -> Bool {
        var hasConsumed = false
        for index in side.opened.indices where consume(at: side, true, index, all: true) { hasConsumed = true }
        for index in side.served.indices where consume(at: side, false, index, all: true) { hasConsumed = true }
        return hasConsumed
    }
}
