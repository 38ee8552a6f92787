public import StatorObjects

/// The responses of a call, in order; iterated once, by one task.
///
/// Iterating makes room for more: a slow consumer slows its own stream's sender only. Dropping the
/// stream, or cancelling the task that iterates, cancels the call.
public struct ResponseStream<Element: VersionedMessage>: AsyncSequence, Sendable {
    public typealias Failure = RPCError

    typealias Reopen = @Sendable (RPCError) async throws(RPCError) -> CallHandle

    private let handle: CallHandle
    private let observation: ClientObservation
    /// Makes the call again, when it broke before its first response and may be repeated.
    private let reopen: Reopen?

    init(_ handle: CallHandle, _ observation: ClientObservation, reopen: Reopen? = nil) {
        self.handle = handle
        self.observation = observation
        self.reopen = reopen
    }

    public func makeAsyncIterator() -> Iterator {
        Iterator(handle: handle, observation: observation, reopen: reopen)
    }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var handle: CallHandle
        fileprivate let observation: ClientObservation
        fileprivate var reopen: Reopen?

        public mutating func next() async throws(RPCError) -> Element? {
            try await next(isolation: #isolation)
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(RPCError) -> Element? {
            do {
                let element = try await nextElement()
                if element == nil { observation.end(nil) }
                return element
            } catch {
                observation.end(error)
                throw error
            }
        }

        private mutating func nextElement() async throws(RPCError) -> Element? {
            var result: Result<[UInt8]?, RPCError>?
            while result == nil {
                do {
                    result = .success(try await handle.call.nextResponse())
                } catch {
                    guard let reopen else { throw error }
                    handle = try await reopen(error)
                }
            }
            reopen = nil
            guard let bytes = try result?.get() else { return nil }
            return try handle.decode(bytes)
        }
    }
}
