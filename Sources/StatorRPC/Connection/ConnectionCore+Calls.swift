internal import StatorObjects
internal import StatorReactor
internal import StatorWire
internal import Synchronization

/// Calls that this side makes; on the loop only.
extension ConnectionCore {
    enum OnOpen {
        case opened(StreamID)
        case noRoom
        case failed(RPCError)
    }

    /// Opens a call; the caller puts it into `clientCalls` before anything else happens on the loop.
    ///
    /// - Parameter message: The first request; nil for a call that streams them.
    func open(
        _ method: MethodDescriptor, _ message: MessageEncoding?, _ options: CallOptions,
        deadline: WireInstant?
    ) -> OnOpen {
        loop.assertInLoop()
        guard serves(method) else { return .failed(tooNew(method)) }
        let now = now
        if let deadline, deadline <= now {
            return .failed(.deadlineExceeded(waitingFor: "the connection to \(peerDescription)"))
        }
        return opened(begin(method, message, options, deadline, now), message?.byteCountMax ?? 0, deadline)
    }

    private func opened(_ result: WireConnection.OnOpen, _ byteCountMax: Int, _ deadline: WireInstant?) -> OnOpen {
        switch result {
        case .opened(let id):
            if deadline != nil { scheduleTimer() }
            return .opened(id)
        case .noRoom: return .noRoom
        case .notReady, .goingAway:
            // Perhaps before its event is handled; who asks again is not to be sent here again.
            isOpen.store(false, ordering: .relaxed)
            var error = closeError ?? RPCError(.unavailable, "\(peerDescription) takes no more calls")
            error.origin = .notBegun
            return .failed(error)
        case .tooManyStreams:
            return .failed(
                RPCError(
                    .resourceExhausted, "\(machine.openedStreamCount) calls already run on one connection"))
        case .tooLong: return .failed(.tooLong("request", byteCountMax))
        }
    }

    private func serves(_ method: MethodDescriptor) -> Bool { method.since <= peerServiceVersion || peerHello == nil }

    /// Of a method that the peer's release does not serve: it is not even asked.
    private func tooNew(_ method: MethodDescriptor) -> RPCError {
        .tooNew(
            method, peerDescription, release: printable(peerHello?.release ?? ""), serviceVersion: peerServiceVersion)
    }

    private func begin(
        _ method: MethodDescriptor, _ message: MessageEncoding?, _ options: CallOptions, _ deadline: WireInstant?,
        _ now: WireInstant
    ) -> WireConnection.OnOpen {
        let endsStream = !method.shape.streamsRequests
        guard let message else {
            return machine.open(
                options.header(method), message: MessageEncoding?.none, endsStream: endsStream,
                isPriority: method.isPriority, deadline: deadline, now: now)
        }
        return machine.open(
            options.header(method), message: message, endsStream: endsStream, isPriority: method.isPriority,
            deadline: deadline, now: now)
    }

    /// Opens a unary call, or completes it with why not.
    ///
    /// Returns false, with nothing done, when the outbound queue is full.
    func start(
        _ call: UnaryCall, _ method: MethodDescriptor, _ message: MessageEncoding, _ options: CallOptions,
        deadline: WireInstant?
    ) -> Bool {
        guard call.mayBegin else { return true }
        defer { wrote() }
        switch open(method, message, options, deadline: deadline) {
        case .opened(let id):
            call.opened(id)
            clientCalls.insert(call, as: id)
            return true
        case .noRoom: return false
        case .failed(let error):
            call.finish(error)
            return true
        }
    }

    /// Opens a unary call that nobody gives up.
    ///
    /// Returns why it could not be opened, and then nothing more comes of it.
    func start(
        _ method: MethodDescriptor, _ message: MessageEncoding, _ options: CallOptions, _ call: CompletedCall
    ) -> RPCError? {
        loop.assertInLoop()
        guard serves(method) else { return tooNew(method) }
        let now = now
        let deadline = options.timeout.map { now.advanced(by: $0) }
        let result = machine.open(
            options.header(method), message: message, endsStream: true, isPriority: method.isPriority,
            deadline: deadline, now: now)
        defer { wrote() }
        // The usual outcome, at once: the others carry errors, which are large.
        if case .opened(let id) = result {
            clientCalls.insert(call, as: id)
            if deadline != nil { scheduleTimer() }
            return nil
        }
        switch opened(result, message.byteCountMax, deadline) {
        case .opened: return nil
        case .noRoom:
            return RPCError(.resourceExhausted, "\(peerDescription) is behind with reading what it was sent")
        case .failed(let error): return error
        }
    }

    enum OnStartStreaming {
        case started(StreamingCall)
        case noRoom
        case failed(RPCError)
    }

    /// Opens a call with a stream in it.
    func startStreaming(
        _ method: MethodDescriptor, _ message: MessageEncoding?, _ options: CallOptions,
        deadline: WireInstant?
    ) -> OnStartStreaming {
        defer { wrote() }
        switch open(method, message, options, deadline: deadline) {
        case .opened(let id):
            let call = StreamingCall(id, core: self)
            clientCalls.insert(call, as: id)
            return .started(call)
        case .noRoom: return .noRoom
        case .failed(let error): return .failed(error)
        }
    }

    func request(_ id: StreamID, _ message: MessageEncoding) -> WireConnection.OnSend {
        loop.assertInLoop()
        defer { wrote() }
        do {
            return try machine.request(id, message, endsStream: false)
        } catch {
            // After `finish()`: the writer's own mistake, which ends nothing.
            return .streamEnded
        }
    }

    func finishRequests(_ id: StreamID) {
        // After `finish()`: nothing more to say.
        _ = try? machine.request(id, MessageEncoding?.none, endsStream: true)
        wrote()
    }

    func cancel(_ id: StreamID) {
        clientCalls.remove(id)
        machine.cancel(id)
        wrote()
    }

    func consumed(_ id: StreamID, length: Int) {
        machine.consumed(id, length: length)
        wrote()
    }

    var hasRoom: Bool { machine.hasRoom(isPriority: false) || machine.isClosed }

    func canRequest(_ id: StreamID) -> Bool { machine.canRequest(id) }
}
