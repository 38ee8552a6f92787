internal import StatorObjects
internal import StatorReactor
internal import StatorWire

/// Calls that the peer makes; on the loop only.
extension ConnectionCore {
    /// Starts the handler of a call, or answers why not.
    func accept(
        _ id: StreamID, _ header: CallHeader, _ message: UnsafeRawBufferPointer?,
        deadline: WireInstant?, endsStream: Bool
    ) {
        guard let connection else { return machine.finish(id, CallStatus(.unavailable, "the connection is closing")) }
        do throws(RPCError) {
            let route = try routes.route(header.method, for: connection.callerClass)
            // The table lives as long as this connection does.
            let refusal = route._withUnsafeGuaranteedRef { route -> RPCError? in
                do throws(RPCError) {
                    try accept(id, header, message, route, connection, deadline: deadline, endsStream: endsStream)
                    return nil
                } catch {
                    return error
                }
            }
            if let refusal { throw refusal }
        } catch {
            machine.finish(id, error.status(for: loweringManifest))
        }
    }

    private func accept(
        _ id: StreamID, _ header: CallHeader, _ message: UnsafeRawBufferPointer?, _ route: Route,
        _ connection: Connection, deadline: WireInstant?, endsStream: Bool
    ) throws(RPCError) {
        let method = route.method
        let isPriority = method.isPriority
        try checkRoom(isPriority: isPriority)
        guard endsStream || method.shape.streamsRequests else {
            throw RPCError(.invalidArgument, "\(method) takes one request")
        }
        if isPriority { machine.prioritize(id) }
        let context = CallContext(connection: connection, method: method, header: header, deadline: deadline)
        let observation = routes.hasInterceptors ? try ServerObservation(routes.interceptors, context) : nil
        if let handler = route.immediate {
            guard let message else { throw RPCError(.invalidArgument, "the call came without its request") }
            carryOut(id, message, context, observation, handler)
        } else if let begin = route.begin {
            try startTask(id, context, observation, begin, message, endsStream: endsStream)
        }
    }

    /// Room is kept for priority calls: what is full for others is not for them.
    private func checkRoom(isPriority: Bool) throws(RPCError) {
        let limit = WireLimits.streamsMax + (isPriority ? WireLimits.priorityStreamsMax : 0)
        // A peer that cancels and calls again at once may have more handlers ending than streams open.
        guard handlerCount < limit, machine.acceptedStreamCount <= limit else {
            throw RPCError(
                .resourceExhausted, "\(machine.acceptedStreamCount) calls already run on one connection")
        }
    }

    private func startTask(
        _ id: StreamID, _ context: CallContext, _ observation: ServerObservation?, _ begin: Route.Begin,
        _ message: UnsafeRawBufferPointer?, endsStream: Bool
    ) throws(RPCError) {
        let call = ServerCall(
            id, context: context, observation: observation, requestLength: message?.count ?? 0, core: self)
        do {
            try account?.beginCall(
                of: context.caller, requestLength: call.requestLength, isPriority: context.method.isPriority,
                settings.accounts.limits)
        } catch {
            observation?.end(error)
            throw error
        }
        do {
            let handler = try begin(call, message)
            if endsStream { call.receive(nil, endsStream: true) }
            serverCalls.insert(call, as: id)
            handlerCount += 1
            call.start(handler)
        } catch {
            account?.endCall(requestLength: call.requestLength)
            observation?.end(error)
            throw error
        }
    }

    /// Goes on with an immediate call in a task.
    func startTask(
        _ id: StreamID, _ context: CallContext,
        _ body: @escaping @Sendable (ServerCall) async throws -> Void
    ) {
        do {
            let begin: Route.Begin = { call, _ throws(RPCError) in { try await body(call) } }
            try startTask(id, context, nil, begin, nil, endsStream: true)
        } catch {
            machine.finish(id, error.status(for: loweringManifest))
        }
    }

    func serverCallEnded(_ id: StreamID, _ call: ServerCall) {
        loop.assertInLoop()
        if serverCalls[id] === call { serverCalls.remove(id) }
        account?.endCall(requestLength: call.requestLength)
        handlerCount -= 1
        reportIfGone()
    }

    func respond(_ id: StreamID, _ message: MessageEncoding, endsStream: Bool) -> WireConnection.OnSend {
        loop.assertInLoop()
        let result = machine.respond(id, message, endsStream: endsStream)
        if endsStream, result == .sent { serverCalls.remove(id) }
        wrote()
        return result
    }

    func hasCredit(_ id: StreamID) -> Bool { machine.canRespond(id) }

    /// Ends a call; a no-op when it is over.
    func finish(_ id: StreamID, _ status: CallStatus) {
        loop.assertInLoop()
        serverCalls.remove(id)
        machine.finish(id, status)
        wrote()
    }
}
