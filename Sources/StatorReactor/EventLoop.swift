internal import CLinux
internal import DequeModule
internal import Glibc
internal import Synchronization

/// One epoll loop on one thread; task executor of everything pinned to it, and serial executor of actors.
///
/// In each turn the loop tells handlers what became possible, runs timers that are due, then queued jobs; each of the
/// three is bounded per turn, so that none starves the others. Methods say whether they may be called from any thread
/// or on the loop only; the latter is asserted in debug builds.
///
/// `@unchecked Sendable`: `poller`, `timers`, `queue`, `currentInstant`, `turns`, `isStopping` and `spareWork` are
/// touched on the loop's thread only (by `init` before that thread exists); everything else is immutable, atomic or
/// behind a lock.
public final class EventLoop: TaskExecutor, @unchecked Sendable {
    /// Something to run: a job of the concurrency runtime as it came, or a closure.
    enum Work: Sendable {
        /// Of a task. Run as an actor's, it would be queued once more each time it goes on outside one.
        case job(UnownedJob)
        /// Of an actor that is isolated to this loop.
        case actorJob(UnownedJob)
        case body(@Sendable () -> Void)
    }

    /// What other threads hand over.
    struct Inbox {
        var work: [Work] = []
        var isStopRequested = false
        /// Nothing is taken any more; what arrives is dropped.
        var isClosed = false
    }

    private enum Lifecycle {
        case created
        case started(pthread_t)
        case joined
    }

    private static let timersPerTurnMax = 256
    private static let workPerTurnMax = 1024
    private static let batchesAfterStopMax = 64

    public let label: String
    private let lifecycle = Guarded(Lifecycle.created)
    private let inbox = Guarded(Inbox())
    /// The thread's id while it runs, else zero.
    private let threadID = Atomic<UInt>(0)
    let actorExecutor = ActorExecutor()
    private let wakeUpDescriptor: OwnedDescriptor

    let poller: Poller
    var timers = TimerQueue()
    // Not checked for overlapping accesses, which would cost with every job: nothing is called while it is touched. What
    // leaves it is dropped outside.
    @exclusivity(unchecked) private var queue = Deque<Work>()
    private var spareWork: [Work] = []
    private var currentInstant = ContinuousClock.now
    /// How many turns have begun; a number, so that asking whether it is still the same one costs nothing. On the loop
    /// only.
    package var turnCount: UInt64 { unsafe turns }
    // Not checked for overlapping accesses: only `turn` writes it, and calls nobody meanwhile. Other modules would check
    // all the same if they read the property itself.
    @exclusivity(unchecked) private var turns: UInt64 = 0
    private var isStopping = false

    /// Makes a loop that does not run yet; what is queued before `start()` waits for it.
    public init(label: String) throws(ReactorError) {
        self.label = label
        let descriptor = try promptSystemCall("create an event descriptor") {
            eventfd(0, CInt(O_CLOEXEC) | CInt(O_NONBLOCK))
        }
        wakeUpDescriptor = OwnedDescriptor(descriptor)
        poller = try Poller(wakeUpDescriptor: descriptor)
        actorExecutor.serve(self)
    }

    /// Starts the loop's thread; a second call is an error.
    public func start() throws(ReactorError) {
        let result = lifecycle.withLock { state -> Result<Void, ReactorError> in
            guard case .created = state else {
                return .failure(ReactorError(operation: "start the loop \(label)", reason: "it was started before"))
            }
            return Result { () throws(ReactorError) in
                state = .started(try startThread(named: label) { [self] in run() })
            }
        }
        try result.get()
    }

    /// Asks the loop to end; from any thread.
    ///
    /// It runs what is queued and what that queues in turn, then its thread ends. Neither timers nor readiness are told
    /// any more: a task still suspended on the loop by then, a sleeping one included, is never resumed. So end what runs
    /// on a loop before stopping it.
    public func stop() {
        let wasEmpty = inbox.withLock { inbox in
            let wasEmpty = inbox.work.isEmpty && !inbox.isStopRequested
            inbox.isStopRequested = true
            return wasEmpty
        }
        if wasEmpty {
            wakeUp()
        }
    }

    /// Waits until the loop's thread has ended; once, and not on the loop.
    public func join() {
        precondition(!isInLoop, "a loop cannot wait for its own end")
        let thread = lifecycle.withLock { state -> pthread_t? in
            guard case .started(let thread) = state else {
                return nil
            }
            state = .joined
            return thread
        }
        if let thread {
            _ = pthread_join(thread, nil)
        }
    }

    /// Whether the caller runs on this loop's thread.
    public var isInLoop: Bool {
        threadID.load(ordering: .relaxed) == UInt(pthread_self())
    }

    /// Stops a debug build when the caller is not on the loop's thread.
    @inline(__always)
    public func assertInLoop() {
        assert(isInLoop, "called off the loop \(label)")
    }

    /// The instant at which this turn began; on the loop only.
    public var now: ContinuousClock.Instant {
        assertInLoop()
        return currentInstant
    }

    /// Runs a closure on the loop, after what was queued before it; from any thread.
    public func execute(_ body: @escaping @Sendable () -> Void) {
        submit(.body(body))
    }

    func submit(_ work: Work) {
        if isInLoop {
            unsafe queue.append(work)
            return
        }
        let needsWakeUp = inbox.withLock { inbox in
            guard !inbox.isClosed else {
                return false
            }
            inbox.work.append(work)
            return inbox.work.count == 1
        }
        if needsWakeUp {
            wakeUp()
        }
    }

    private func wakeUp() {
        // Fails only when the counter is full, and then the loop is awake already.
        _ = eventfd_write(wakeUpDescriptor.number, 1)
    }
}

// The loop's thread.
extension EventLoop {
    private func run() {
        threadID.store(UInt(pthread_self()), ordering: .relaxed)
        while !isStopping {
            turn()
        }
        drain()
        // What still queues itself refers to the loop, as the loop does to it.
        var dropped = Deque<Work>()
        unsafe swap(&dropped, &queue)
        dropped.removeAll()
        poller.deregisterAll()
        timers.removeAll()
        threadID.store(0, ordering: .relaxed)
    }

    private func turn() {
        let count = poller.wait(timeout: timeout())
        currentInstant = ContinuousClock.now
        unsafe turns &+= 1
        for index in 0..<count {
            switch poller.event(at: index) {
            case .wakeUp: emptyInbox()
            case .ready(let handler, let readiness): handler.ready(readiness)
            case .late: break
            }
        }
        runDueTimers()
        runQueue()
    }

    /// Milliseconds to wait, rounded up so that a timer is due when the wait ends; -1 for no limit.
    private func timeout() -> CInt {
        if unsafe !queue.isEmpty {
            return 0
        }
        guard let next = timers.nextInstant() else {
            return -1
        }
        let wait = ContinuousClock.now.duration(to: next)
        guard wait > .zero else {
            return 0
        }
        let (seconds, attoseconds) = wait.components
        guard seconds < Int64(CInt.max) / 1000 - 1 else {
            return CInt.max
        }
        return CInt(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }

    private func runDueTimers() {
        var remaining = EventLoop.timersPerTurnMax
        while remaining > 0, let body = timers.popDue(at: currentInstant) {
            body()
            remaining -= 1
        }
    }

    private func runQueue() {
        let serial = unsafe asUnownedSerialExecutor()
        let task = unsafe asUnownedTaskExecutor()
        var remaining = EventLoop.workPerTurnMax
        while remaining > 0, let work = unsafe queue.popFirst() {
            switch work {
            case .job(let job): unsafe job.runSynchronously(on: task)
            case .actorJob(let job): unsafe job.runSynchronously(isolatedTo: serial, taskExecutor: task)
            case .body(let body): body()
            }
            remaining -= 1
        }
    }

    private func emptyInbox() {
        var taken = spareWork
        spareWork = []
        let isStopRequested = inbox.withLock { inbox in
            swap(&inbox.work, &taken)
            return inbox.isStopRequested
        }
        unsafe queue.append(contentsOf: taken)
        taken.removeAll(keepingCapacity: taken.capacity <= EventLoop.workPerTurnMax)
        spareWork = taken
        isStopping = isStopping || isStopRequested
    }

    /// Runs what is queued until nothing is left; bounded, since jobs may queue themselves for ever.
    private func drain() {
        var remaining = EventLoop.batchesAfterStopMax
        var isDone = false
        while !isDone {
            runQueue()
            emptyInbox()
            remaining -= 1
            let isEmpty = unsafe queue.isEmpty
            isDone = inbox.withLock { inbox in
                inbox.isClosed = remaining == 0 || isEmpty && inbox.work.isEmpty
                return inbox.isClosed
            }
        }
    }
}
