public import StatorObjects

/// Where a caller writes the requests of a client-streaming or bidirectional call.
public struct RequestWriter<Element: VersionedMessage>: Sendable {
    private let handle: CallHandle

    init(_ handle: CallHandle) {
        self.handle = handle
    }

    /// Sends a request, lowered to what the peer understands; suspends while the peer is behind. From any task, one
    /// at a time if their order matters.
    ///
    /// Throws the call's status once it is over, FAILED_PRECONDITION when the request cannot be said at the peer's
    /// version, INVALID_ARGUMENT when a field does not fit its declaration.
    public func write(_ element: Element) async throws(RPCError) {
        try await handle.call.send(try handle.encode(element))
    }

    /// Says that no more requests come. Repeating it, or calling it when the call is over, does nothing.
    public func finish() {
        handle.call.finishRequests()
    }
}
