/// What a handler knows of the call that it carries out, besides the request.
public struct CallContext: Sendable {
    /// From the caller's certificate; nothing in a message can change it.
    public let caller: Identity
    /// The connection that the call came over, for calls in the other direction.
    public let connection: Connection
    public let method: MethodDescriptor
    /// When the caller stops waiting; the handler's task is cancelled then. Nil: never.
    public let deadline: ContinuousClock.Instant?
    public let idempotencyKey: IdempotencyKey?
    package let traceContext: [UInt8]?

    /// How long the caller still waits; not negative. Nil: without end.
    public var remainingTime: Duration? {
        deadline.map { max(.zero, ContinuousClock.now.duration(to: $0)) }
    }

    /// For a further call on the caller's behalf: its deadline, idempotency key and trace context.
    public var callOptions: CallOptions {
        var options = CallOptions(timeout: remainingTime, idempotencyKey: idempotencyKey)
        options.traceContext = traceContext
        return options
    }
}
