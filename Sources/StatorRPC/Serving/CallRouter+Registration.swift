public import StatorObjects
internal import StatorWire

/// Registering handlers. Two methods of the same number, and a handler of another shape than its method's, are mistakes
/// of the program and stop it.
extension CallRouter {
    /// Registers the handler of a unary method.
    public mutating func register<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor,
        unary handler: @escaping @Sendable (Request, CallContext) async throws -> Response
    ) {
        insert(
            method, .unary,
            .task { call, bytes throws(RPCError) in
                let request: Request = try call.decode(try firstRequest(bytes))
                return {
                    let response = try call.encode(try await handler(request, call.context))
                    if !call.sendAtOnce(response, endsStream: true) {
                        try await call.send(response, endsStream: true)
                    }
                }
            })
    }

    /// Registers the handler of a unary method that never waits: it runs as a plain call, without a task of its own,
    /// which is several times cheaper. It must be done in microseconds, since its loop does nothing else meanwhile.
    @inlinable
    public mutating func register<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor,
        immediate handler: @escaping @Sendable (Request, CallContext) throws -> Response
    ) {
        insertImmediate(method, Request.schema) { request, context in
            try handler(Request(content: request), context).content
        }
    }

    @usableFromInline
    mutating func insertImmediate(
        _ method: MethodDescriptor, _ schema: MessageSchema,
        _ carryOut: @escaping @Sendable (consuming MessageContent, CallContext) throws -> MessageContent
    ) {
        insert(method, .unary, .immediate(ImmediateHandler(schema, carryOut)))
    }

    /// Registers the handler of a client-streaming method.
    public mutating func register<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor,
        clientStreaming handler: @escaping @Sendable (RequestStream<Request>, CallContext) async throws -> Response
    ) {
        insert(
            method, .clientStreaming,
            .task { call, bytes throws(RPCError) in
                // A caller may send its first request with the call itself.
                if let bytes { call.receive(bytes, endsStream: false) }
                return {
                    let response = try await handler(RequestStream(call), call.context)
                    try await call.send(response, endsStream: true)
                }
            })
    }

    /// Registers the handler of a server-streaming method; the stream ends when the handler returns.
    public mutating func register<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor,
        serverStreaming handler:
            @escaping @Sendable (Request, ResponseWriter<Response>, CallContext) async throws -> Void
    ) {
        insert(
            method, .serverStreaming,
            .task { call, bytes throws(RPCError) in
                let request: Request = try call.decode(try firstRequest(bytes))
                return { try await handler(request, ResponseWriter(call), call.context) }
            })
    }

    /// Registers the handler of a bidirectional method; the call ends when the handler returns.
    public mutating func register<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor,
        bidirectional handler:
            @escaping @Sendable (RequestStream<Request>, ResponseWriter<Response>, CallContext) async throws -> Void
    ) {
        insert(
            method, .bidirectional,
            .task { call, bytes throws(RPCError) in
                if let bytes { call.receive(bytes, endsStream: false) }
                return { try await handler(RequestStream(call), ResponseWriter(call), call.context) }
            })
    }
}

private func firstRequest(_ bytes: UnsafeRawBufferPointer?) throws(RPCError) -> UnsafeRawBufferPointer {
    guard let bytes else { throw RPCError(.invalidArgument, "the call came without its request") }
    return bytes
}
