public import StatorObjects

/// Where a server-streaming handler writes its responses.
public struct ResponseWriter<Element: VersionedMessage>: Sendable {
    private let call: ServerCall

    init(_ call: ServerCall) {
        self.call = call
    }

    /// Sends a response; suspends while the consumer is behind or the connection is full. From any task.
    ///
    /// Throws CANCELLED when the call is over (given up, expired, connection lost) and FAILED_PRECONDITION
    /// when the response cannot be said at the caller's version.
    public func write(_ element: Element) async throws(RPCError) {
        try await call.send(element, endsStream: false)
    }
}
