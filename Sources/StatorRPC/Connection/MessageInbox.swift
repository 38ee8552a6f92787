internal import DequeModule
internal import StatorReactor
internal import StatorWire

/// Messages that came on one stream and wait to be taken, in order, by one task.
///
/// What waits here is bounded by the stream's window. `@unchecked Sendable`: its state is touched on the loop's thread
/// only, which `next` sees to and the others assert.
final class MessageInbox: @unchecked Sendable {
    private typealias Waiter = UnsafeContinuation<Result<[UInt8]?, RPCError>, Never>

    private enum End {
        case complete
        case failed(RPCError)
    }

    private let loop: EventLoop
    private var messages = Deque<[UInt8]>()
    private var end: End?
    private var waiter: Waiter?
    /// Told on the loop how long each message was that has been taken.
    var consumed: ((Int) -> Void)?

    init(loop: EventLoop) {
        self.loop = loop
    }

    var isEnded: Bool { end != nil }

    /// A message came; the last with `isLast`. Copied, since it may be taken much later. On the loop only.
    func receive(_ message: UnsafeRawBufferPointer, isLast: Bool) {
        loop.assertInLoop()
        guard end == nil else { return }
        if isLast { end = .complete }
        let bytes = [UInt8](message)
        guard let waiter else { return messages.append(bytes) }
        self.waiter = nil
        consumed?(bytes.count)
        waiter.resume(returning: .success(bytes))
    }

    /// Nothing more comes; nil: all is well. What came before is still handed out. On the loop only.
    func finish(_ error: RPCError?) {
        loop.assertInLoop()
        guard end == nil else { return }
        end = error.map(End.failed) ?? .complete
        waiter?.resume(returning: error.map(Result.failure) ?? .success(nil))
        waiter = nil
    }

    /// What came is not wanted any more. On the loop only.
    func discard() {
        loop.assertInLoop()
        messages.removeAll()
    }

    /// The next message; nil after the last. From any task, one at a time.
    ///
    /// - Parameter giveUp: Run, on any thread, when the calling task is cancelled; it is to end the stream.
    func next(giveUp: @escaping @Sendable () -> Void) async throws(RPCError) -> [UInt8]? {
        let result: Result<[UInt8]?, RPCError> = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                loop.run { self.take(continuation) }
            }
        } onCancel: {
            giveUp()
        }
        return try result.get()
    }

    private func take(_ continuation: Waiter) {
        if let message = messages.popFirst() {
            consumed?(message.count)
            return continuation.resume(returning: .success(message))
        }
        switch end {
        case .complete: continuation.resume(returning: .success(nil))
        case .failed(let error): continuation.resume(returning: .failure(error))
        case nil:
            guard waiter == nil else {
                return continuation.resume(
                    returning: .failure(RPCError(.internal, "a stream is iterated by two tasks at once")))
            }
            waiter = continuation
        }
    }
}
