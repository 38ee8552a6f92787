public import StatorObjects

/// A call with a stream of requests and one response. Letting go of it, and of its writer, cancels the call.
public struct ClientStreamingCall<Request: VersionedMessage, Response: VersionedMessage>: Sendable {
    public let requests: RequestWriter<Request>
    private let handle: CallHandle
    private let observation: ClientObservation

    init(_ handle: CallHandle, _ observation: ClientObservation) {
        requests = RequestWriter(handle)
        self.handle = handle
        self.observation = observation
    }

    /// Ends the requests, and waits for the response; to be called once.
    public func response() async throws(RPCError) -> Response {
        requests.finish()
        do {
            let response: Response = try await handle.response()
            observation.end(nil)
            return response
        } catch {
            observation.end(error)
            throw error
        }
    }
}

/// A call with a stream each way, which are independent of each other. Letting go of both cancels the call.
public struct BidirectionalCall<Request: VersionedMessage, Response: VersionedMessage>: Sendable {
    public let requests: RequestWriter<Request>
    public let responses: ResponseStream<Response>

    init(_ handle: CallHandle, _ observation: ClientObservation) {
        requests = RequestWriter(handle)
        responses = ResponseStream(handle, observation)
    }
}
