import Glibc
import StatorReactor
import Synchronization
import Testing

@Suite struct EventLoopTests {
    @Test func `runs closures in the order in which they came`() async throws {
        try await withLoop { loop in
            let recorder = Recorder<Int>()
            for number in 0..<5000 {
                loop.execute { recorder.append(number) }
            }
            try await loop.run {}
            #expect(recorder.elements == Array(0..<5000))
        }
    }

    @Test func `runs what was queued before it was started`() async throws {
        let loop = try EventLoop(label: "test")
        let recorder = Recorder<Int>()
        loop.execute { recorder.append(1) }
        loop.startTask { recorder.append(2) }
        try loop.start()
        try await loop.run {}
        #expect(recorder.elements == [1, 2])
        loop.stop()
        loop.join()
    }

    @Test func `keeps each thread's order when many threads hand over work`() async throws {
        try await withLoop { loop in
            let recorder = Recorder<(thread: Int, number: Int)>()
            await withTaskGroup(of: Void.self) { group in
                for thread in 0..<8 {
                    group.addTask {
                        for number in 0..<1000 {
                            loop.execute { recorder.append((thread, number)) }
                        }
                    }
                }
            }
            try await loop.run {}
            #expect(recorder.elements.count == 8000)
            for thread in 0..<8 {
                #expect(recorder.elements.filter { $0.thread == thread }.map(\.number) == Array(0..<1000))
            }
        }
    }

    @Test func `knows its own thread`() async throws {
        try await withLoop { loop in
            #expect(!loop.isInLoop)
            let isInLoop = try await loop.run { loop.isInLoop }
            #expect(isInLoop)
        }
    }

    @Test func `finishes what is queued when it is stopped, and what that queues`() throws {
        let loop = try EventLoop(label: "test")
        let recorder = Recorder<Int>()
        try loop.start()
        loop.execute {
            recorder.append(1)
            loop.execute {
                recorder.append(2)
                loop.execute { recorder.append(3) }
            }
        }
        loop.stop()
        loop.join()
        #expect(recorder.elements == [1, 2, 3])
        #expect(!loop.isInLoop)
        loop.execute { recorder.append(4) }
        loop.stop()
        loop.join()
        #expect(recorder.elements == [1, 2, 3])
    }

    @Test func `ends although its jobs queue themselves for ever`() throws {
        let loop = try EventLoop(label: "test")
        try loop.start()
        @Sendable func again() {
            loop.execute { again() }
        }
        again()
        loop.stop()
        loop.join()
    }

    @Test func `refuses to be started twice`() async throws {
        try await withLoop { loop in
            #expect(throws: ReactorError.self) { try loop.start() }
        }
    }

    @Test func `is freed when nothing refers to it any more`() throws {
        weak var reference: EventLoop?
        do {
            let loop = try EventLoop(label: "test")
            try loop.start()
            reference = loop
            loop.stop()
            loop.join()
        }
        #expect(reference == nil)
    }

    @Test func `tells timers and descriptors while its queue never empties`() async throws {
        try await withLoop { loop in
            let isOver = Atomic(false)
            let (left, right) = makeSocketPair()
            defer {
                close(left)
                close(right)
            }
            @Sendable func again() {
                if !isOver.load(ordering: .relaxed) {
                    loop.execute { again() }
                }
            }
            loop.execute { again() }
            try await loop.sleep(for: .milliseconds(1))
            let readiness = try await loop.readiness(of: left, .write)
            #expect(readiness == .writable)
            isOver.store(true, ordering: .relaxed)
        }
    }

    @Test func `uses no processor time while it waits`() async throws {
        try await withLoop { loop in
            let (left, right) = makeSocketPair()
            let closed = makeSocketPair()
            defer {
                for descriptor in [left, right, closed.0] {
                    close(descriptor)
                }
            }
            // A hangup that nobody is interested in must not keep the loop awake.
            close(closed.1)
            let handler = UncheckedBox(ClosureHandler())
            _ = try await loop.run {
                _ = try loop.register(left, interest: .read, handler: handler.value)
                return try loop.register(closed.0, interest: [], handler: handler.value)
            }
            let before = try await loop.run { processorTime() }
            try await loop.sleep(for: .milliseconds(60))
            let after = try await loop.run { processorTime() }
            #expect(after - before < .milliseconds(20))
        }
    }

    @Test func `takes over its actors' isolation in handlers and timers`() async throws {
        try await withLoop { loop in
            let counter = PinnedCounter(loop: loop)
            let count = try await loop.run {
                counter.assumeIsolated { isolated in
                    isolated.count += 1
                    return isolated.count
                }
            }
            #expect(count == 1)
            #expect(await counter.increment() == 2)
        }
    }
}

private actor PinnedCounter {
    var count = 0
    private let loop: EventLoop

    init(loop: EventLoop) {
        self.loop = loop
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        loop.asUnownedSerialExecutor()
    }

    func increment() -> Int {
        loop.assertInLoop()
        count += 1
        return count
    }
}

/// Hands something to the loop that only the loop uses.
struct UncheckedBox<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }
}

private func processorTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
