extension EventLoop {
    /// Suspends the calling task until that instant, by this loop's timers; from any task.
    ///
    /// Throws as soon as the task is cancelled.
    public func sleep(until instant: ContinuousClock.Instant) async throws(CancellationError) {
        let sleeper = Sleeper(loop: self)
        let isCancelled = await withTaskCancellationHandler {
            await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Bool, Never>) in
                onLoop { unsafe sleeper.start(until: instant, continuation) }
            }
        } onCancel: {
            onLoop { sleeper.cancel() }
        }
        if isCancelled {
            throw CancellationError()
        }
    }

    /// Suspends the calling task for that long; see `sleep(until:)`.
    public func sleep(for duration: Duration) async throws(CancellationError) {
        try await sleep(until: ContinuousClock.now.advanced(by: duration))
    }

    /// Runs the closure at once when on the loop, else queues it.
    private func onLoop(_ body: @escaping @Sendable () -> Void) {
        if isInLoop {
            body()
        } else {
            execute(body)
        }
    }
}

/// One sleep. `@unchecked Sendable`: its state is touched on the loop's thread only.
private final class Sleeper: @unchecked Sendable {
    @safe private enum State {
        case created
        case asleep(UnsafeContinuation<Bool, Never>, TimerID)
        case ended(isCancelled: Bool)
    }

    private let loop: EventLoop
    private var state = State.created

    init(loop: EventLoop) {
        self.loop = loop
    }

    func start(until instant: ContinuousClock.Instant, _ continuation: UnsafeContinuation<Bool, Never>) {
        if case .ended(let isCancelled) = state {
            unsafe continuation.resume(returning: isCancelled)
            return
        }
        let timer = loop.schedule(at: instant) { [self] in end(isCancelled: false) }
        state = unsafe .asleep(continuation, timer)
    }

    func cancel() {
        if case .asleep(_, let timer) = state {
            loop.cancel(timer)
        }
        end(isCancelled: true)
    }

    private func end(isCancelled: Bool) {
        switch state {
        case .created:
            state = .ended(isCancelled: isCancelled)
        case .asleep(let continuation, _):
            state = .ended(isCancelled: isCancelled)
            unsafe continuation.resume(returning: isCancelled)
        case .ended:
            break
        }
    }
}
