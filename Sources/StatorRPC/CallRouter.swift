public import StatorObjects
internal import StatorWire

/// Which handler carries out which method, and who may call it.
///
/// Handlers run on the connection's loop, at once, and must never block it. What they throw becomes the
/// call's status: `RPCError` and `RPCErrorConvertible` as they say, an object that cannot be said at the
/// caller's version FAILED_PRECONDITION, `CancellationError` CANCELLED, anything else INTERNAL (and is logged).
public struct CallRouter: Sendable {
    struct Route: Sendable {
        let method: MethodDescriptor
        let run: @Sendable (ServerCall, [UInt8]) async -> Void
    }

    private var routes: [UInt64: Route] = [:]

    public init() {}

    /// The methods that have handlers, by path.
    public var methods: [MethodDescriptor] { routes.values.map(\.method).sorted { $0.path < $1.path } }

    /// Registers the handler of a unary method. Two methods of the same number are a mistake of the program.
    public mutating func register<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor,
        unary handler: @escaping @Sendable (Request, CallContext) async throws -> Response
    ) {
        precondition(method.shape == .unary, "\(method) is not unary")
        insert(
            Route(method: method) { call, bytes in
                await call.run {
                    let response = try await handler(try call.decode(bytes), call.context)
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
        precondition(method.shape == .serverStreaming, "\(method) is not server-streaming")
        insert(
            Route(method: method) { call, bytes in
                await call.run {
                    try await handler(try call.decode(bytes), ResponseWriter(call), call.context)
                    await call.finish(CallStatus(.ok))
                }
            })
    }

    private mutating func insert(_ route: Route) {
        let other = routes.updateValue(route, forKey: route.method.id)
        precondition(other == nil, "\(route.method) has the number of \(other.map(\.method.path) ?? "another method")")
    }

    /// Finds the handler of a call that the caller is allowed to make.
    func route(_ id: UInt64, for caller: Identity) throws(RPCError) -> Route {
        guard let route = routes[id] else {
            throw RPCError(.unimplemented, "no method with the number 0x\(String(id, radix: 16)) is served here")
        }
        guard route.method.callers.contains(caller.callerClass) else {
            throw RPCError(.permissionDenied, "a caller of class \(caller.callerClass) may not call \(route.method)")
        }
        return route
    }
}
