internal import StatorWire

/// A method and what carries it out.
final class Route: Sendable {
    /// Reads the first request, when there is one, and returns what is to be done in a task.
    typealias Begin =
        @Sendable (ServerCall, UnsafeRawBufferPointer?) throws(RPCError) -> @Sendable () async throws -> Void

    enum Handler: Sendable {
        /// Carries out the whole call as a plain call.
        case immediate(ImmediateHandler)
        case task(Begin)
    }

    let method: MethodDescriptor
    // Apart, since taking one out of the enum would count it with every call. One of the two is there.
    let immediate: ImmediateHandler?
    let begin: Begin?

    init(method: MethodDescriptor, handler: Handler) {
        self.method = method
        switch handler {
        case .immediate(let handler): (immediate, begin) = (handler, nil)
        case .task(let body): (immediate, begin) = (nil, body)
        }
    }
}

/// What a router knows, for looking up with every call: by the numbers of methods, which are hashes already.
///
/// `@unchecked Sendable`: the memory is written by `init` only.
final class RouteTable: @unchecked Sendable {
    private struct Slot {
        var id: UInt64 = 0
        /// Retained by this table.
        var route: Unmanaged<Route>?
    }

    /// As many as a power of two, of which at least half are empty.
    private let slots: UnsafeMutableBufferPointer<Slot>
    let interceptors: [any ServerInterceptor]
    let hasInterceptors: Bool

    init(_ router: CallRouter) {
        var capacity = 4
        while capacity < router.routes.count * 2 { capacity *= 2 }
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Slot())
        for route in router.routes.values {
            var index = Int(truncatingIfNeeded: route.method.id) & (capacity - 1)
            while slots[index].route != nil { index = (index + 1) & (capacity - 1) }
            slots[index] = Slot(id: route.method.id, route: .passRetained(route))
        }
        interceptors = router.interceptors
        hasInterceptors = !router.interceptors.isEmpty
    }

    deinit {
        for slot in slots { slot.route?.release() }
        slots.deallocate()
    }

    /// Finds the handler of a call that the caller is allowed to make.
    ///
    /// Not counted, since that would be done for every call: whoever uses it keeps the table, which keeps the route.
    func route(_ id: UInt64, for caller: CallerClass) throws(RPCError) -> Unmanaged<Route> {
        var index = Int(truncatingIfNeeded: id) & (slots.count - 1)
        while let route = slots[index].route {
            if slots[index].id == id {
                guard route._withUnsafeGuaranteedRef({ $0.method.allows(caller) }) else {
                    throw Self.notAllowed(route.takeUnretainedValue().method, caller)
                }
                return route
            }
            index = (index + 1) & (slots.count - 1)
        }
        throw RPCError(.unimplemented, "no method with the number 0x\(String(id, radix: 16)) is served here")
    }

    private static func notAllowed(_ method: MethodDescriptor, _ caller: CallerClass) -> RPCError {
        RPCError(.permissionDenied, "a caller of class \(caller) may not call \(method)")
    }
}
