public import StatorObjects
internal import StatorWire

extension Channel: Caller {
    public func unary<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, _ request: Request, options: CallOptions = CallOptions()
    ) async throws(RPCError) -> Response {
        let (options, observation) = try begin(method, options)
        let deadline = options.deadline
        let result: Result<Response, RPCError> = await Result.catching { () async throws(RPCError) in
            try await repeated(method, options, deadline) { connection throws(RPCError) in
                try await connection.startUnary(method, request, options, deadline: deadline)
            }
        }
        if result.failure == nil { budget.succeed() }
        observation.end(result.failure)
        return try result.get()
    }

    public func clientStreaming<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, options: CallOptions = CallOptions()
    ) async throws(RPCError) -> ClientStreamingCall<Request, Response> {
        let (options, observation) = try begin(method, options)
        return ClientStreamingCall(try await open(method, options, observation), observation)
    }

    public func serverStreaming<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, _ request: Request, options: CallOptions = CallOptions()
    ) async throws(RPCError) -> ResponseStream<Response> {
        let (options, observation) = try begin(method, options)
        let deadline = options.deadline
        let start = { @Sendable [self] () async throws(RPCError) -> CallHandle in
            try await repeated(method, options, deadline) { connection throws(RPCError) in
                try await connection.startStreaming(method, request, options, deadline: deadline)
            }
        }
        do {
            return ResponseStream(try await start(), observation) { [self] error throws(RPCError) in
                guard mayRepeat(method, after: error) else { throw error }
                return try await start()
            }
        } catch {
            observation.end(error)
            throw error
        }
    }

    public func bidirectional<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, options: CallOptions = CallOptions()
    ) async throws(RPCError) -> BidirectionalCall<Request, Response> {
        let (options, observation) = try begin(method, options)
        return BidirectionalCall(try await open(method, options, observation), observation)
    }

    /// A call whose requests are written later is not made again once it has begun: they are not kept.
    private func open(
        _ method: MethodDescriptor, _ options: CallOptions, _ observation: ClientObservation
    ) async throws(RPCError) -> CallHandle {
        let deadline = options.deadline
        do {
            return try await repeated(method, options, deadline) { connection throws(RPCError) in
                try await connection.startStreaming(method, options, deadline: deadline)
            }
        } catch {
            observation.end(error)
            throw error
        }
    }

    private func begin(
        _ method: MethodDescriptor, _ options: CallOptions
    ) throws(RPCError) -> (CallOptions, ClientObservation) {
        var options = options
        if method.isIdempotent, options.idempotencyKey == nil { options.idempotencyKey = keys.next() }
        let observation = try ClientObservation(interceptors, method, &options)
        return (options, observation)
    }

    /// Makes the call on the present connection, and on the next one when that was lost, as far as it may be repeated.
    private func repeated<Success: Sendable>(
        _ method: MethodDescriptor, _ options: CallOptions, _ deadline: ContinuousClock.Instant?,
        _ attempt: (Connection) async throws(RPCError) -> Success
    ) async throws(RPCError) -> Success {
        var success: Success?
        while success == nil {
            let connection = try await ready(until: deadline, waits: options.waitForReady)
            do {
                success = try await attempt(connection)
            } catch {
                guard mayRepeat(method, after: error) else { throw error }
            }
        }
        guard let success else { throw .cancelled() }
        return success
    }

    private func mayRepeat(_ method: MethodDescriptor, after error: RPCError) -> Bool {
        switch error.origin {
        case .decided: false
        case .connectionLost: method.isIdempotent && budget.takeToken()
        case .notBegun: true
        }
    }
}
