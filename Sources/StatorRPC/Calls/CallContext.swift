internal import StatorWire

/// What a handler knows of the call that it carries out, besides the request.
public struct CallContext: Sendable {
    /// The connection that the call came over, for calls in the other direction.
    public let connection: Connection
    public let method: MethodDescriptor
    private let wireDeadline: WireInstant?
    public let idempotencyKey: IdempotencyKey?
    /// The trace that the call belongs to; nil: none.
    public let traceContext: TraceContext?

    init(
        connection: Connection, method: MethodDescriptor, header: borrowing CallHeader,
        deadline: WireInstant?
    ) {
        self.connection = connection
        self.method = method
        wireDeadline = deadline
        idempotencyKey = header.idempotencyKey.map(IdempotencyKey.init)
        traceContext = header.trace.flatMap(TraceContext.init)
    }

    /// When the caller stops waiting; the handler's task is cancelled then. Nil: never.
    public var deadline: ContinuousClock.Instant? { wireDeadline?.instant }

    /// From the caller's certificate; nothing in a message can change it.
    public var caller: Identity { connection.peer.identity }

    /// How long the caller still waits; not negative. Nil: without end.
    public var remainingTime: Duration? {
        deadline.map { max(.zero, ContinuousClock.now.duration(to: $0)) }
    }

    /// For a further call on the caller's behalf: what is left of its time, its idempotency key and its trace.
    public var callOptions: CallOptions {
        CallOptions(timeout: remainingTime, idempotencyKey: idempotencyKey, traceContext: traceContext?.child())
    }
}
