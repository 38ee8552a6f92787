// The loop as an executor of Swift's concurrency runtime.
extension EventLoop {
    public func enqueue(_ job: consuming ExecutorJob) {
        submit(.job(UnownedJob(job)))
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    public func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        unsafe UnownedTaskExecutor(ordinary: self)
    }

    /// Lets `assumeIsolated` succeed in handlers and timers, which run outside any task.
    public func checkIsolated() {
        precondition(isInLoop, "expected to be on the loop \(label)")
    }

    public func isIsolatingCurrentContext() -> Bool? {
        isInLoop
    }

    /// Starts a task that runs on this loop only, also after each suspension; from any thread.
    ///
    /// Called on the loop, the task runs at once up to its first suspension.
    @discardableResult
    public func startTask(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        if isInLoop {
            Task.immediate(executorPreference: self) { await body() }
        } else {
            Task(executorPreference: self) { await body() }
        }
    }
}
