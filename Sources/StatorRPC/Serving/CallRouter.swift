internal import StatorObjects
internal import StatorWire

/// Which handler carries out which method, who may call it, and what is done with every call.
///
/// Handlers run on the connection's loop, at once, and must never block it. What they throw becomes the
/// call's status: `RPCError` and `RPCErrorConvertible` as they say, an object that cannot be said at the
/// caller's version FAILED_PRECONDITION, `CancellationError` CANCELLED, anything else INTERNAL (and is logged).
public struct CallRouter: Sendable {
    private(set) var routes: [UInt64: Route] = [:]
    /// Asked before and told after every call, in this order.
    public var interceptors: [any ServerInterceptor]

    public init(interceptors: [any ServerInterceptor] = []) {
        self.interceptors = interceptors
    }

    /// The methods that have handlers, by path.
    public var methods: [MethodDescriptor] { routes.values.map(\.method).sorted { $0.path < $1.path } }

    mutating func insert(_ method: MethodDescriptor, _ shape: CallShape, _ handler: Route.Handler) {
        precondition(method.shape == shape, "\(method) is not \(shape)")
        let other = routes.updateValue(Route(method: method, handler: handler), forKey: method.id)
        precondition(other == nil, "\(method) has the number of \(other.map(\.method.path) ?? "another method")")
    }
}
