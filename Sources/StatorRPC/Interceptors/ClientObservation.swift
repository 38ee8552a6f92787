internal import StatorWire
internal import Synchronization

/// The interceptors' part in one call that is made; costs nothing when there are none.
struct ClientObservation: Sendable {
    private final class Running: Sendable {
        let interceptors: [any ClientInterceptor]
        let method: MethodDescriptor
        let options: CallOptions
        let begin = ContinuousClock.now
        let hasEnded = Atomic<Bool>(false)

        init(_ interceptors: [any ClientInterceptor], _ method: MethodDescriptor, _ options: CallOptions) {
            self.interceptors = interceptors
            self.method = method
            self.options = options
        }

        // A stream that is let go of unread has no other end.
        deinit {
            end(.cancelled())
        }

        func end(_ error: RPCError?) {
            guard !hasEnded.exchange(true, ordering: .relaxed) else { return }
            let outcome = CallOutcome(code: error?.code ?? .ok, error: error, duration: begin.duration(to: .now))
            for interceptor in interceptors.reversed() {
                interceptor.callEnded(method, options, outcome)
            }
        }
    }

    private let running: Running?

    /// Nobody looks on.
    static let none = ClientObservation()

    private init() {
        running = nil
    }

    /// Asks the interceptors in their order; they may change the options.
    init(
        _ interceptors: [any ClientInterceptor], _ method: MethodDescriptor, _ options: inout CallOptions
    ) throws(RPCError) {
        guard !interceptors.isEmpty else {
            running = nil
            return
        }
        for (index, interceptor) in interceptors.enumerated() {
            do {
                try interceptor.callBegins(method, &options)
            } catch {
                Running(Array(interceptors[..<index]), method, options).end(error)
                throw error
            }
        }
        running = Running(interceptors, method, options)
    }

    /// The call is over; only the first time counts.
    func end(_ error: RPCError?) {
        running?.end(error)
    }
}
