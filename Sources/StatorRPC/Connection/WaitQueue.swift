internal import StatorReactor

/// Tasks that wait for something to become so on the loop: room in a queue, a connection, an end.
///
/// `@unchecked Sendable`: its state is touched on the loop's thread only, which `wait` sees to and the
/// others assert.
final class WaitQueue: @unchecked Sendable {
    enum Outcome: Sendable {
        /// Look again: it may have become so.
        case signalled
        case deadlinePassed
        case cancelled
    }

    /// One task's wait. `@unchecked Sendable`: as its queue.
    private final class Waiter: @unchecked Sendable {
        var continuation: CheckedContinuation<Outcome, Never>?
        var timer: TimerID?
        var outcome: Outcome?
    }

    private let loop: EventLoop
    private var waiters: [ObjectIdentifier: Waiter] = [:]

    init(loop: EventLoop) {
        self.loop = loop
    }

    /// Suspends the calling task until `signalAll`, the deadline or its cancellation; from any task.
    ///
    /// - Parameter isReady: Asked on the loop first, so that no signal is missed in between.
    func wait(
        until deadline: ContinuousClock.Instant? = nil, unless isReady: @escaping @Sendable () -> Bool
    ) async -> Outcome {
        let waiter = Waiter()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.run { self.begin(waiter, continuation, until: deadline, unless: isReady) }
            }
        } onCancel: {
            loop.run { self.end(waiter, .cancelled) }
        }
    }

    /// Waits, over any number of signals, until the condition holds, the deadline or the task's cancellation.
    func waitUntilTrue(
        until deadline: ContinuousClock.Instant? = nil, condition: @escaping @Sendable () -> Bool
    ) async -> Outcome {
        var outcome = await wait(until: deadline, unless: condition)
        while outcome == .signalled, await !loop.perform(condition) {
            outcome = await wait(until: deadline, unless: condition)
        }
        return outcome
    }

    /// Wakes all that wait; on the loop only.
    func signalAll() {
        loop.assertInLoop()
        guard !waiters.isEmpty else { return }
        for waiter in waiters.values { end(waiter, .signalled) }
    }

    private func begin(
        _ waiter: Waiter, _ continuation: CheckedContinuation<Outcome, Never>, until deadline: ContinuousClock.Instant?,
        unless isReady: () -> Bool
    ) {
        if let outcome = waiter.outcome { return continuation.resume(returning: outcome) }
        if isReady() { return continuation.resume(returning: .signalled) }
        waiter.continuation = continuation
        waiters[ObjectIdentifier(waiter)] = waiter
        if let deadline {
            waiter.timer = loop.schedule(at: deadline) { self.end(waiter, .deadlinePassed) }
        }
    }

    private func end(_ waiter: Waiter, _ outcome: Outcome) {
        guard waiter.outcome == nil else { return }
        waiter.outcome = outcome
        if let timer = waiter.timer { loop.cancel(timer) }
        waiters[ObjectIdentifier(waiter)] = nil
        waiter.continuation?.resume(returning: outcome)
        waiter.continuation = nil
    }
}

extension EventLoop {
    /// Runs the closure at once when called on the loop, else queues it.
    func run(_ body: @escaping @Sendable () -> Void) {
        if isInLoop { body() } else { execute(body) }
    }

    /// Runs the closure on the loop and returns what it returns; at once when called on the loop.
    func perform<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        if isInLoop { return body() }
        return await withCheckedContinuation { continuation in
            execute { continuation.resume(returning: body()) }
        }
    }
}
