internal import StatorWire

/// How a call is to be made.
public struct CallOptions: Sendable {
    /// How long the call may take in all, waiting for a connection included; nil: as long as it takes.
    public var timeout: Duration?
    /// Nil: none. A channel gives each call of an idempotent method one.
    public var idempotencyKey: IdempotencyKey?
    /// Whether a channel that is not connected is waited for, within the timeout; else the call fails at once.
    public var waitForReady: Bool
    /// The trace that the call belongs to; nil: none.
    public var traceContext: TraceContext?

    public init(
        timeout: Duration? = .seconds(30), idempotencyKey: IdempotencyKey? = nil, waitForReady: Bool = true,
        traceContext: TraceContext? = nil
    ) {
        self.timeout = timeout
        self.idempotencyKey = idempotencyKey
        self.waitForReady = waitForReady
        self.traceContext = traceContext
    }

    var deadline: ContinuousClock.Instant? { timeout.map { .now.advanced(by: $0) } }

    func header(_ method: MethodDescriptor) -> CallHeader {
        CallHeader(method: method.id, idempotencyKey: idempotencyKey?.wireBytes, trace: traceContext?.wireBytes)
    }
}
