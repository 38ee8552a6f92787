internal import Synchronization
internal import StatorObjects
internal import StatorRPC

/// Counts the calls that one piece of work makes to the conductor; proves that a build makes none.
package final class ConductorCallCounter: Sendable {
    /// The counter of the current task and its children.
    @TaskLocal package static var current: ConductorCallCounter?

    private let state = Mutex(0)

    package init() {}

    package var count: Int { state.withLock { $0 } }

    func increment() {
        state.withLock { $0 += 1 }
    }
}

/// The way to the conductor that everything in the agent takes.
struct CountingCaller: Caller {
    let caller: any Caller

    func unary<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, _ request: Request, options: CallOptions
    ) async throws(RPCError) -> Response {
        ConductorCallCounter.current?.increment()
        return try await caller.unary(method, request, options: options)
    }

    func clientStreaming<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, options: CallOptions
    ) async throws(RPCError) -> ClientStreamingCall<Request, Response> {
        ConductorCallCounter.current?.increment()
        return try await caller.clientStreaming(method, options: options)
    }

    func bidirectional<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, options: CallOptions
    ) async throws(RPCError) -> BidirectionalCall<Request, Response> {
        ConductorCallCounter.current?.increment()
        return try await caller.bidirectional(method, options: options)
    }

    func serverStreaming<Request: VersionedMessage, Response: VersionedMessage>(
        _ method: MethodDescriptor, _ request: Request, options: CallOptions
    ) async throws(RPCError) -> ResponseStream<Response> {
        ConductorCallCounter.current?.increment()
        return try await caller.serverStreaming(method, request, options: options)
    }
}
