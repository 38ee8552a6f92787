public import StatorObjects

/// The requests of a client-streaming or bidirectional call, in order; iterated once, by its handler.
///
/// Iterating makes room for more: a slow handler slows its own caller only. It throws CANCELLED when the call is given
/// up, expires or loses its connection, and INVALID_ARGUMENT when a request cannot be read.
public struct RequestStream<Element: VersionedMessage>: AsyncSequence, Sendable {
    public typealias Failure = RPCError

    private let call: ServerCall

    init(_ call: ServerCall) {
        self.call = call
    }

    public func makeAsyncIterator() -> Iterator {
        Iterator(call: call)
    }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let call: ServerCall

        public mutating func next() async throws(RPCError) -> Element? {
            try await next(isolation: #isolation)
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(RPCError) -> Element? {
            guard let bytes = try await call.nextRequest() else { return nil }
            return try bytes.withUnsafeBytes { buffer in
                Result { () throws(RPCError) in try call.decode(buffer) as Element }
            }.get()
        }
    }
}
