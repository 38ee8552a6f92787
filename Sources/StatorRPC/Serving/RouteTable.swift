internal import StatorWire

/// A method and what carries it out.
final class Route: Sendable {
    /// Reads the first request, when there is one, and returns what is to be done in a task.
    typealias Begin =
        @Sendable (ServerCall, UnsafeRawBufferPointer?) throws(RPCError) -> @Sendable () async throws -> Void

    enum Handler: Sendable {
        /// Carries out the whole call as a plain call.
        case immediate(@Sendable (ImmediateCall) -> Void)
        case task(Begin)
    }

    let method: MethodDescriptor
    let handler: Handler

    init(method: MethodDescriptor, handler: Handler) {
        self.method = method
        self.handler = handler
    }
}

/// What a router knows, for looking up with every call: by the numbers of methods, which are hashes already.
final class RouteTable: Sendable {
    /// A power of two, of which at least half is empty.
    private let slots: [Route?]
    let interceptors: [any ServerInterceptor]
    let hasInterceptors: Bool

    init(_ router: CallRouter) {
        var capacity = 4
        while capacity < router.routes.count * 2 { capacity *= 2 }
        var slots = [Route?](repeating: nil, count: capacity)
        for route in router.routes.values {
            var index = Int(truncatingIfNeeded: route.method.id) & (capacity - 1)
            while slots[index] != nil { index = (index + 1) & (capacity - 1) }
            slots[index] = route
        }
        self.slots = slots
        interceptors = router.interceptors
        hasInterceptors = !router.interceptors.isEmpty
    }

    /// Finds the handler of a call that the caller is allowed to make.
    func route(_ id: UInt64, for caller: CallerClass) throws(RPCError) -> Route {
        var index = Int(truncatingIfNeeded: id) & (slots.count - 1)
        while let route = slots[index] {
            if route.method.id == id {
                guard route.method.allows(caller) else {
                    throw RPCError(
                        .permissionDenied, "a caller of class \(caller) may not call \(route.method)")
                }
                return route
            }
            index = (index + 1) & (slots.count - 1)
        }
        throw RPCError(.unimplemented, "no method with the number 0x\(String(id, radix: 16)) is served here")
    }
}
