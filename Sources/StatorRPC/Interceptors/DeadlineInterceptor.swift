/// Gives every call of this side a deadline: one that has none or a later one gets the latest allowed.
public struct DeadlineInterceptor: ClientInterceptor {
    private let timeoutMax: Duration

    /// - Parameter timeoutMax: The longest that a call may take; positive.
    public init(timeoutMax: Duration) {
        self.timeoutMax = timeoutMax
    }

    public func callBegins(_ method: MethodDescriptor, _ options: inout CallOptions) {
        options.timeout = min(options.timeout ?? timeoutMax, timeoutMax)
    }

    public func callEnded(_ method: MethodDescriptor, _ options: CallOptions, _ outcome: CallOutcome) {}
}
