public import StatorObjects
internal import StatorReactor
internal import StatorWire

extension Connection: Caller {
    public func unary<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, _ request: Request, options: CallOptions = CallOptions()
    ) async throws(RPCError) -> Response {
        var options = options
        let observation = try ClientObservation(core.settings.clientInterceptors, method, &options)
        let result: Result<Response, RPCError> = await Result.catching { () async throws(RPCError) in
            try await startUnary(method, request, options, deadline: options.deadline)
        }
        observation.end(result.failure)
        return try result.get()
    }

    /// Sends one request; the completion is run once, on the connection's loop, perhaps before this returns.
    ///
    /// For those who are on the loop anyway, which is required. It fails with RESOURCE_EXHAUSTED when the peer is so
    /// far behind with reading that requests have to wait.
    @inlinable
    public func unary<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, _ request: Request, options: CallOptions = CallOptions(),
        completion: @escaping (Result<Response, RPCError>) -> Void
    ) {
        unary(method, request, options: options, completion: UnaryCompletion(completion))
    }

    /// The cheapest way to call: as with a closure, but with a completion that is made once and serves many calls.
    @inlinable
    public func unary<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, _ request: Request, options: CallOptions = CallOptions(),
        completion: UnaryCompletion<Response>
    ) {
        unary(method, request.content, options, completion.call)
    }

    @usableFromInline
    func unary(
        _ method: MethodDescriptor, _ request: MessageContent, _ options: CallOptions, _ call: CompletedCall
    ) {
        core.loop.assertInLoop()
        do throws(RPCError) {
            guard !core.settings.hasClientInterceptors else { return try startObserved(method, request, options, call) }
            try start(method, request, options, call)
        } catch {
            call.finish(error)
        }
    }

    private func startObserved(
        _ method: MethodDescriptor, _ request: MessageContent, _ options: CallOptions, _ call: CompletedCall
    ) throws(RPCError) {
        var options = options
        let observation = try ClientObservation(core.settings.clientInterceptors, method, &options)
        do {
            try start(method, request, options, call.observed(by: observation))
        } catch {
            observation.end(error)
            throw error
        }
    }

    private func start(
        _ method: MethodDescriptor, _ request: MessageContent, _ options: CallOptions, _ call: CompletedCall
    ) throws(RPCError) {
        if let failure = core.start(method, try encode(request, of: method), options, call) { throw failure }
    }

    public func clientStreaming<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, options: CallOptions = CallOptions()
    ) async throws(RPCError) -> ClientStreamingCall<Request, Response> {
        let (handle, observation) = try await observed(method, options) { options throws(RPCError) in
            try await startStreaming(method, options, deadline: options.deadline)
        }
        return ClientStreamingCall(handle, observation)
    }

    public func serverStreaming<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, _ request: Request, options: CallOptions = CallOptions()
    ) async throws(RPCError) -> ResponseStream<Response> {
        let (handle, observation) = try await observed(method, options) { options throws(RPCError) in
            try await startStreaming(method, request, options, deadline: options.deadline)
        }
        return ResponseStream(handle, observation)
    }

    public func bidirectional<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, options: CallOptions = CallOptions()
    ) async throws(RPCError) -> BidirectionalCall<Request, Response> {
        let (handle, observation) = try await observed(method, options) { options throws(RPCError) in
            try await startStreaming(method, options, deadline: options.deadline)
        }
        return BidirectionalCall(handle, observation)
    }

    private func observed(
        _ method: MethodDescriptor, _ options: CallOptions,
        _ start: (CallOptions) async throws(RPCError) -> CallHandle
    ) async throws(RPCError) -> (CallHandle, ClientObservation) {
        var options = options
        let observation = try ClientObservation(core.settings.clientInterceptors, method, &options)
        do {
            return (try await start(options), observation)
        } catch {
            observation.end(error)
            throw error
        }
    }
}

// What channels use too: without interceptors, which a channel asks once for a call that it may make several times.
extension Connection {
    private enum UnaryOutcome: Sendable {
        case ended(Result<MessageContent, RPCError>)
        case noRoom
    }

    /// Makes a unary call, waiting while the peer is behind with reading.
    func startUnary<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, _ request: Request, _ options: CallOptions, deadline: ContinuousClock.Instant?
    ) async throws(RPCError) -> Response {
        let encoding = try encode(request.content, of: method)
        guard !Task.isCancelled else { throw .cancelled() }
        var result: Result<MessageContent, RPCError>?
        while result == nil {
            switch await attempt(method, encoding, Response.schema, options, deadline: deadline) {
            case .ended(let outcome): result = outcome
            case .noRoom: try await waitForRoom(until: deadline)
            }
        }
        guard let result else { throw .cancelled() }
        return Response(content: try result.get())
    }

    private func attempt(
        _ method: MethodDescriptor, _ encoding: MessageEncoding, _ responseSchema: MessageSchema,
        _ options: CallOptions, deadline: ContinuousClock.Instant?
    ) async -> UnaryOutcome {
        let call = UnaryCall(core, responseSchema)
        let wireDeadline = deadline.map { WireInstant($0) }
        return await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<UnaryOutcome, Never>) in
                core.loop.run { [core] in
                    call.onEnd { continuation.resume(returning: .ended($0)) }
                    if !core.start(call, method, encoding, options, deadline: wireDeadline) {
                        continuation.resume(returning: .noRoom)
                    }
                }
            }
        } onCancel: {
            call.cancel()
        }
    }

    /// Opens a call that begins with its request.
    func startStreaming(
        _ method: MethodDescriptor, _ request: some VersionedMessage, _ options: CallOptions,
        deadline: ContinuousClock.Instant?
    ) async throws(RPCError) -> CallHandle {
        try await startStreaming(method, first: try encode(request.content, of: method), options, deadline: deadline)
    }

    /// Opens a call whose requests come later.
    func startStreaming(
        _ method: MethodDescriptor, _ options: CallOptions, deadline: ContinuousClock.Instant?
    ) async throws(RPCError) -> CallHandle {
        try await startStreaming(method, first: nil, options, deadline: deadline)
    }

    private func startStreaming(
        _ method: MethodDescriptor, first encoding: MessageEncoding?, _ options: CallOptions,
        deadline: ContinuousClock.Instant?
    ) async throws(RPCError) -> CallHandle {
        guard !Task.isCancelled else { throw .cancelled() }
        let wireDeadline = deadline.map { WireInstant($0) }
        var handle: CallHandle?
        while handle == nil {
            let result = await core.loop.perform { [core] in
                core.startStreaming(method, encoding, options, deadline: wireDeadline)
            }
            switch result {
            case .started(let call): handle = CallHandle(call, peer: lowering)
            case .failed(let error): throw error
            case .noRoom: try await waitForRoom(until: deadline)
            }
        }
        guard let handle else { throw .cancelled() }
        return handle
    }

    private func waitForRoom(until deadline: ContinuousClock.Instant?) async throws(RPCError) {
        switch await core.room.wait(until: deadline, unless: { [core] in core.hasRoom }) {
        case .signalled: return
        case .cancelled: throw .cancelled()
        case .deadlinePassed: throw .deadlineExceeded(waitingFor: "\(core.peerDescription) to read")
        }
    }

    private func encode(
        _ request: MessageContent, of method: MethodDescriptor
    ) throws(RPCError) -> MessageEncoding {
        do {
            return try request.encoding(for: lowering)
        } catch {
            // A peer without the method may not know its request either; that it lacks the method says more.
            guard method.since <= peer.serviceVersion else {
                throw .tooNew(
                    method, core.peerDescription, release: peer.release, serviceVersion: peer.serviceVersion)
            }
            throw RPCError(encoding: error, otherwise: .invalidArgument)
        }
    }
}

extension RPCError {
    /// Of a method that the peer's release does not serve.
    static func tooNew(
        _ method: MethodDescriptor, _ peer: String, release: String, serviceVersion: UInt32
    ) -> RPCError {
        RPCError(
            .unimplemented,
            "\(method.path) needs service version \(method.since); \(peer) runs release \(release) "
                + "(service version \(serviceVersion))")
    }
}

extension Result where Failure == RPCError {
    var failure: RPCError? {
        switch self {
        case .success: nil
        case .failure(let error): error
        }
    }

    static func catching(_ body: () async throws(RPCError) -> Success) async -> Self {
        do {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}
