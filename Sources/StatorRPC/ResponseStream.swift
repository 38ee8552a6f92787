public import StatorObjects

/// The responses of a server-streaming call, in order; iterated once, by one task.
///
/// Iterating makes room for more: a slow consumer slows its own stream's sender only. Dropping the
/// stream, or cancelling the task that iterates, cancels the call.
public struct ResponseStream<Element: VersionedMessage>: AsyncSequence, Sendable {
    public typealias Failure = RPCError

    private let call: CallHandle
    /// Makes the call again, when it broke before its first response and may be repeated.
    private let reopen: (@Sendable (RPCError) async throws(RPCError) -> CallHandle)?

    init(_ call: CallHandle, reopen: (@Sendable (RPCError) async throws(RPCError) -> CallHandle)? = nil) {
        self.call = call
        self.reopen = reopen
    }

    public func makeAsyncIterator() -> Iterator {
        Iterator(call: call, reopen: reopen)
    }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var call: CallHandle
        fileprivate var reopen: (@Sendable (RPCError) async throws(RPCError) -> CallHandle)?

        public mutating func next() async throws(RPCError) -> Element? {
            try await next(isolation: #isolation)
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(RPCError) -> Element? {
            var result: Result<[UInt8]?, RPCError>?
            while result == nil {
                do {
                    result = .success(try await call.call.next())
                } catch {
                    guard let reopen else { throw error }
                    call = try await reopen(error)
                }
            }
            reopen = nil
            guard let bytes = try result?.get() else { return nil }
            return try call.decode(bytes)
        }
    }
}
