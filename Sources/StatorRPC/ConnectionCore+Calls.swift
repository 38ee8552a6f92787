internal import StatorReactor
internal import StatorWire
internal import Synchronization

/// Calls in both directions; on the loop only.
extension ConnectionCore {
    enum OnOpen {
        case opened(ClientCall)
        case noRoom
        case failed(RPCError)
    }

    /// Opens a call of ours.
    func open(
        _ method: MethodDescriptor, _ message: some MessageBytes, _ options: CallOptions,
        deadline: ContinuousClock.Instant?
    ) -> OnOpen {
        loop.assertInLoop()
        let header = CallHeader(
            method: method.id, idempotencyKey: options.idempotencyKey?.wireBytes, traceContext: options.traceContext)
        let now = ContinuousClock.now
        if let deadline, deadline <= now {
            return .failed(.deadlineExceeded(waitingFor: "the connection to \(peerDescription)"))
        }
        defer { pump() }
        switch machine.open(header, message: message, deadline: deadline, now: now) {
        case .opened(let id):
            let call = ClientCall(id, core: self)
            clientCalls[id] = call
            return .opened(call)
        case .noRoom: return .noRoom
        case .notReady, .goingAway:
            // Perhaps before its event is handled; who asks again is not to be sent here again.
            isOpen.store(false, ordering: .relaxed)
            var error = closeError ?? RPCError(.unavailable, "\(peerDescription) takes no more calls")
            error.origin = .notBegun
            return .failed(error)
        case .tooManyStreams:
            return .failed(
                RPCError(.resourceExhausted, "\(WireLimits.streamsMax) calls already run on one connection"))
        case .tooLong:
            return .failed(
                RPCError(
                    .resourceExhausted,
                    "a request of \(message.byteCount) bytes: the limit is \(WireLimits.messageLengthMax)"))
        }
    }

    func cancel(_ id: StreamID) {
        clientCalls[id] = nil
        machine.cancel(id)
        pump()
    }

    func consumed(_ id: StreamID, length: Int) {
        machine.consumed(id, length: length)
        pump()
    }

    var hasRoom: Bool { machine.hasRoom || machine.isClosed }

    func respond(_ id: StreamID, _ message: some MessageBytes, endsStream: Bool) -> WireConnection.OnSend {
        loop.assertInLoop()
        let result = machine.respond(id, message, endsStream: endsStream)
        if endsStream, result == .sent { serverCalls[id] = nil }
        pump()
        return result
    }

    func hasCredit(_ id: StreamID) -> Bool { machine.canRespond(id) }

    func finish(_ id: StreamID, _ status: CallStatus) {
        loop.assertInLoop()
        serverCalls[id] = nil
        machine.finish(id, status)
        pump()
    }

    /// Starts the handler of a call of the peer's, or answers why not.
    func accept(
        _ id: StreamID, _ header: CallHeader, _ message: [UInt8], deadline: ContinuousClock.Instant?, endsStream: Bool
    ) {
        guard let connection else { return machine.finish(id, CallStatus(.unavailable, "the connection is closing")) }
        let route: CallRouter.Route
        do {
            route = try settings.router.route(header.method, for: connection.peer.identity)
        } catch {
            return machine.finish(id, error.status)
        }
        guard endsStream else {
            return machine.finish(id, CallStatus(.invalidArgument, "\(route.method) takes one request"))
        }
        // A peer that cancels and calls again at once may have more handlers ending than streams open.
        guard handlerCount < WireLimits.streamsMax else {
            return machine.finish(
                id, CallStatus(.resourceExhausted, "\(handlerCount) calls already run on one connection"))
        }
        do {
            try account?.beginCall(of: connection.peer.identity, requestLength: message.count, settings.accounts.limits)
        } catch {
            return machine.finish(id, error.status)
        }
        let context = CallContext(
            caller: connection.peer.identity, connection: connection, method: route.method, deadline: deadline,
            idempotencyKey: header.idempotencyKey.map(IdempotencyKey.init(wireBytes:)),
            traceContext: header.traceContext)
        let call = ServerCall(id, context: context, requestLength: message.count, core: self)
        serverCalls[id] = call
        handlerStarted()
        call.start(route, message)
    }
}
