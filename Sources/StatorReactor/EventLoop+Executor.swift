// The loop as an executor of Swift's concurrency runtime.
extension EventLoop {
    public func enqueue(_ job: consuming ExecutorJob) {
        submit(.job(UnownedJob(job)))
    }

    /// For actors that are isolated to this loop: what their `unownedExecutor` returns.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe actorExecutor.asUnownedSerialExecutor()
    }

    public func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        unsafe UnownedTaskExecutor(ordinary: self)
    }

    /// Starts a task that runs on this loop only, also after each suspension; from any thread.
    ///
    /// Called on the loop, the task runs at once up to its first suspension.
    @discardableResult
    public func startTask(_ body: @escaping @Sendable @isolated(any) () async -> Void) -> Task<Void, Never> {
        if isInLoop {
            Task.immediate(executorPreference: self, operation: body)
        } else {
            Task(executorPreference: self, operation: body)
        }
    }
}

/// The loop as the executor of actors, apart from the loop as that of tasks: the runtime takes a task that has just run as
/// an actor's for one that must be queued again before it goes on outside the actor.
///
/// `@unchecked Sendable`: `reference` is set once, by the loop's own `init`. The loop outlives it, and the actors that it serves
/// hold the loop.
@safe final class ActorExecutor: SerialExecutor, @unchecked Sendable {
    private var reference: Unmanaged<EventLoop>?

    private var loop: EventLoop? { unsafe reference?.takeUnretainedValue() }

    func serve(_ loop: EventLoop) {
        unsafe reference = .passUnretained(loop)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        loop?.submit(.actorJob(UnownedJob(job)))
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// Lets `assumeIsolated` succeed in handlers and timers, which run outside any task.
    func checkIsolated() {
        precondition(loop?.isInLoop == true, "expected to be on the loop \(loop?.label ?? "")")
    }

    func isIsolatingCurrentContext() -> Bool? {
        loop?.isInLoop
    }
}
