public import StatorWire

/// How a call ended.
public struct CallOutcome: Sendable {
    /// `.ok` when nothing went wrong.
    public let code: StatusCode
    /// What the caller was told; nil with `.ok`.
    public let error: RPCError?
    /// From its beginning on this side until its end.
    public let duration: Duration
}

/// What is done with every call that is served here, whatever its method: logging, measuring, further authorisation.
///
/// Written once for all kinds of call; given to a `CallRouter`. Runs on the connection's loop and must not wait. The
/// caller's class is checked before any interceptor sees the call; deadlines are kept by the connection.
public protocol ServerInterceptor: Sendable {
    /// A call is about to be handed to its handler. Throwing refuses it with that status; interceptors further on
    /// are not asked then, and those before it are told the outcome.
    func callBegins(_ context: CallContext) throws(RPCError)

    /// A call that this interceptor let pass is over.
    func callEnded(_ context: CallContext, _ outcome: CallOutcome)
}

/// What is done with every call that this side makes: default deadlines, traces, logging, measuring.
///
/// Runs in the task that makes the call, or on the loop, and must not wait. With a channel it sees a call once, however
/// often that is made again.
public protocol ClientInterceptor: Sendable {
    /// A call is about to be made; its options may be changed. Throwing fails it.
    func callBegins(_ method: MethodDescriptor, _ options: inout CallOptions) throws(RPCError)

    /// A call that this interceptor let pass is over; with streams, when the last response was taken.
    func callEnded(_ method: MethodDescriptor, _ options: CallOptions, _ outcome: CallOutcome)
}
