import StatorReactor
import Synchronization
import Testing

@Suite struct TaskTests {
    @Test func `starts a task at once when asked on the loop`() async throws {
        try await withLoop { loop in
            let recorder = Recorder<String>()
            try await loop.run { () throws -> Void in
                recorder.append("before")
                loop.startTask {
                    recorder.append("task")
                    await Task.yield()
                    recorder.append("resumed")
                }
                recorder.append("after")
            }
            try await loop.run {}
            #expect(recorder.elements.prefix(3) == ["before", "task", "after"])
            #expect(recorder.elements.contains("resumed"))
        }
    }

    @Test func `keeps a task on its loop through every kind of suspension`() async throws {
        try await withLoop { loop in
            try await withLoop { other in
                let strays = Recorder<String>()
                let rounds = Recorder<Int>()
                let start = { @Sendable () -> Task<Void, Never> in
                    loop.startTask {
                        for round in 0..<200 {
                            await wander(loop, other, strays)
                            rounds.append(round)
                        }
                    }
                }
                await start().value
                try await loop.run(start).value
                #expect(strays.elements == [])
                #expect(rounds.elements.count == 400)
            }
        }
    }

    @Test func `runs many tasks that wait for one another`() async throws {
        try await withLoop { loop in
            let total = Atomic(0)
            let tasks = (0..<500).map { number in
                loop.startTask {
                    for _ in 0..<number % 7 {
                        await Task.yield()
                    }
                    try? await loop.sleep(for: .microseconds(number))
                    total.add(1, ordering: .relaxed)
                }
            }
            for task in tasks {
                await task.value
            }
            #expect(total.load(ordering: .relaxed) == 500)
        }
    }

    @Test func `serves a worker that is woken over and over`() async throws {
        try await withLoop { loop in
            let served = Atomic(0)
            let (requests, continuation) = AsyncStream<Int>.makeStream()
            let worker = loop.startTask {
                var iterator = requests.makeAsyncIterator()
                var isOver = false
                while !isOver {
                    guard let request = await iterator.next() else {
                        isOver = true
                        continue
                    }
                    await Task.yield()
                    served.add(request, ordering: .relaxed)
                }
            }
            for _ in 0..<1000 {
                continuation.yield(1)
            }
            continuation.finish()
            await worker.value
            #expect(served.load(ordering: .relaxed) == 1000)
        }
    }

    @Test func `sleeps as long as asked`() async throws {
        try await withLoop { loop in
            let start = ContinuousClock.now
            try await loop.sleep(for: .milliseconds(20))
            #expect(ContinuousClock.now - start >= .milliseconds(20))
            try await loop.sleep(for: .seconds(-1))
        }
    }

    @Test func `ends a sleep at once when its task is cancelled`() async throws {
        try await withLoop { loop in
            let start = ContinuousClock.now
            let outcomes = Recorder<String>()
            for isOnLoop in [true, false] {
                let sleep = { @Sendable () async -> Void in
                    do {
                        try await loop.sleep(for: .seconds(600))
                        outcomes.append("slept")
                    } catch {
                        outcomes.append("cancelled")
                    }
                }
                let asleep = isOnLoop ? loop.startTask(sleep) : Task { await sleep() }
                // Once with the sleep begun, once most likely before.
                try await loop.run {}
                asleep.cancel()
                await asleep.value
                let early = isOnLoop ? loop.startTask(sleep) : Task { await sleep() }
                early.cancel()
                await early.value
            }
            #expect(outcomes.elements == ["cancelled", "cancelled", "cancelled", "cancelled"])
            #expect(ContinuousClock.now - start < .seconds(60))
        }
    }

    @Test func `cancels a sleep from the loop itself`() async throws {
        try await withLoop { loop in
            let wasCancelled = Atomic(false)
            let task = try await loop.run {
                let task = loop.startTask {
                    do {
                        try await loop.sleep(for: .seconds(600))
                    } catch {
                        wasCancelled.store(true, ordering: .relaxed)
                    }
                }
                task.cancel()
                return task
            }
            await task.value
            #expect(wasCancelled.load(ordering: .relaxed) == true)
        }
    }
}

/// Suspends in several ways and notes each after which it is elsewhere.
private func wander(_ loop: EventLoop, _ other: EventLoop, _ strays: Recorder<String>) async {
    func check(_ what: String) {
        if !loop.isInLoop {
            strays.append(what)
        }
    }
    check("start")
    await Task.yield()
    check("yield")
    await withCheckedContinuation { continuation in other.execute { continuation.resume() } }
    check("continuation resumed by another thread")
    await withCheckedContinuation { continuation in loop.execute { continuation.resume() } }
    check("continuation resumed by the loop")
    try? await loop.sleep(for: .microseconds(1))
    check("sleep")
    try? await other.sleep(for: .microseconds(1))
    check("sleep of another loop")
    await concurrentWork()
    check("concurrent function")
    await withTaskGroup(of: Bool.self) { group in
        group.addTask { loop.isInLoop }
        for await isInLoop in group where !isInLoop {
            strays.append("child task")
        }
    }
    check("task group")
}

@concurrent private func concurrentWork() async {
    await Task.yield()
}
