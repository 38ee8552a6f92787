public import StatorObjects

/// Something that calls can be made on; what generated clients are built over.
///
/// Both methods may be called from any task. Cancelling the calling task cancels the call at the peer too.
public protocol Caller: Sendable {
    /// Sends one request and waits for its response.
    func unary<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, _ request: Request, options: CallOptions
    ) async throws(RPCError) -> Response

    /// Sends one request; its responses come as they are sent.
    func serverStreaming<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, _ request: Request, options: CallOptions
    ) async throws(RPCError) -> ResponseStream<Response>
}
