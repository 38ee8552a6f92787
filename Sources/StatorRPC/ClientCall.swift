internal import DequeModule
internal import StatorObjects
internal import StatorReactor
internal import StatorWire

/// A call that this side made.
///
/// What waits here is bounded by the stream's window. `@unchecked Sendable`: its state is touched on the
/// loop's thread only, which `next` and `cancel` see to and the others assert.
final class ClientCall: @unchecked Sendable {
    private typealias Waiter = CheckedContinuation<Result<[UInt8]?, RPCError>, Never>

    private enum End {
        case complete
        case failed(RPCError)
    }

    private let id: StreamID
    private let core: ConnectionCore
    private var messages = Deque<[UInt8]>()
    private var end: End?
    private var waiter: Waiter?

    init(_ id: StreamID, core: ConnectionCore) {
        self.id = id
        self.core = core
    }

    /// A response came. On the loop only.
    func receive(_ message: [UInt8], endsStream: Bool) {
        core.loop.assertInLoop()
        guard end == nil else { return }
        if endsStream { end = .complete }
        if let waiter {
            self.waiter = nil
            core.consumed(id, length: message.count)
            waiter.resume(returning: .success(message))
        } else {
            messages.append(message)
        }
    }

    /// The call is over; nil: with status OK. Responses that came before are still handed out. On the loop only.
    func finish(_ error: RPCError?) {
        core.loop.assertInLoop()
        guard end == nil else { return }
        end = error.map(End.failed) ?? .complete
        waiter?.resume(returning: error.map(Result.failure) ?? .success(nil))
        waiter = nil
    }

    /// The next response; nil after the last. From any task, one at a time.
    func next() async throws(RPCError) -> [UInt8]? {
        let result: Result<[UInt8]?, RPCError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                core.loop.run { self.take(continuation) }
            }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }

    /// Gives the call up and tells the peer; a no-op when it is over. From any thread.
    func cancel() {
        core.loop.run { [self] in
            guard end == nil else { return }
            core.cancel(id)
            messages.removeAll()
            finish(.cancelled())
        }
    }

    private func take(_ continuation: Waiter) {
        if let message = messages.popFirst() {
            core.consumed(id, length: message.count)
            return continuation.resume(returning: .success(message))
        }
        switch end {
        case .complete: continuation.resume(returning: .success(nil))
        case .failed(let error): continuation.resume(returning: .failure(error))
        case nil:
            guard waiter == nil else {
                return continuation.resume(
                    returning: .failure(RPCError(.internal, "a response stream is iterated by two tasks at once")))
            }
            waiter = continuation
        }
    }
}

/// Keeps a call alive that somebody waits for; letting go of it gives the call up.
final class CallHandle: Sendable {
    let call: ClientCall
    private let peer: Manifest

    init(_ call: ClientCall, peer: Manifest) {
        self.call = call
        self.peer = peer
    }

    deinit {
        call.cancel()
    }

    func decode<Response: VersionedMessage>(_ bytes: [UInt8]) throws(RPCError) -> Response {
        do {
            return try Response(decoding: bytes, from: peer)
        } catch {
            throw RPCError(.internal, "the peer's response cannot be read: \(error.message)", cause: error)
        }
    }

    /// The one response of a unary call.
    func response<Response: VersionedMessage>() async throws(RPCError) -> Response {
        guard let bytes = try await call.next() else {
            throw RPCError(.internal, "the peer ended a unary call without a response")
        }
        guard try await call.next() == nil else {
            throw RPCError(.internal, "the peer sent a second response to a unary call")
        }
        return try decode(bytes)
    }
}
