internal import CoreMetrics
internal import StatorWire

/// Counts calls and measures how long they take, through swift-metrics: whatever backend the program has set up.
///
/// `rpc_server_calls` / `rpc_client_calls` (a counter) and `rpc_server_duration` / `rpc_client_duration` (a timer, in
/// nanoseconds), each with the dimensions `method` and, the counter only, `status`.
public struct MetricsInterceptor: ServerInterceptor, ClientInterceptor {
    public init() {}

    public func callBegins(_ context: CallContext) {}

    public func callEnded(_ context: CallContext, _ outcome: CallOutcome) {
        record("rpc_server", context.method, outcome)
    }

    public func callBegins(_ method: MethodDescriptor, _ options: inout CallOptions) {}

    public func callEnded(_ method: MethodDescriptor, _ options: CallOptions, _ outcome: CallOutcome) {
        record("rpc_client", method, outcome)
    }

    private func record(_ prefix: String, _ method: MethodDescriptor, _ outcome: CallOutcome) {
        let path = method.path
        Counter(label: "\(prefix)_calls", dimensions: [("method", path), ("status", "\(outcome.code)")]).increment()
        let (seconds, attoseconds) = outcome.duration.components
        Timer(label: "\(prefix)_duration", dimensions: [("method", path)])
            .recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
