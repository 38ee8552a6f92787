public import StatorObjects

/// Something that calls can be made on; what generated clients are built over.
///
/// All methods may be called from any task. Cancelling the calling task, or letting go of a stream, cancels the call at
/// the peer too.
public protocol Caller: Sendable {
    /// Sends one request and waits for its response.
    func unary<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, _ request: Request, options: CallOptions
    ) async throws(RPCError) -> Response

    /// Opens a call whose requests are written one by one and which has one response.
    func clientStreaming<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, options: CallOptions
    ) async throws(RPCError) -> ClientStreamingCall<Request, Response>

    /// Sends one request; its responses come as they are sent.
    func serverStreaming<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, _ request: Request, options: CallOptions
    ) async throws(RPCError) -> ResponseStream<Response>

    /// Opens a call with a stream each way.
    func bidirectional<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, options: CallOptions
    ) async throws(RPCError) -> BidirectionalCall<Request, Response>
}
