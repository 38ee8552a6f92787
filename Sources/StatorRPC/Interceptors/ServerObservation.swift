internal import StatorWire

/// The interceptors' part in one call that is served; nothing at all when there are none.
///
/// `@unchecked Sendable`: touched on the loop's thread only.
final class ServerObservation: @unchecked Sendable {
    private let interceptors: [any ServerInterceptor]
    private let context: CallContext
    private let begin = ContinuousClock.now
    /// How many of them let the call pass; those are told of its end.
    private var passedCount = 0
    private var hasEnded = false

    /// Asks the interceptors in their order; throws what the first one says that refuses.
    init(_ interceptors: [any ServerInterceptor], _ context: CallContext) throws(RPCError) {
        self.interceptors = interceptors
        self.context = context
        for interceptor in interceptors {
            do {
                try interceptor.callBegins(context)
            } catch {
                end(error)
                throw error
            }
            passedCount += 1
        }
    }

    /// The call is over; only the first time counts.
    func end(_ error: RPCError?) {
        guard !hasEnded else { return }
        hasEnded = true
        let outcome = CallOutcome(code: error?.code ?? .ok, error: error, duration: begin.duration(to: .now))
        for interceptor in interceptors[..<passedCount].reversed() {
            interceptor.callEnded(context, outcome)
        }
    }
}
