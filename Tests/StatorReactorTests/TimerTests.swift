import StatorReactor
import Testing

@Suite struct TimerTests {
    @Test func `fire in the order of their instants, equal ones in the order of scheduling`() async throws {
        try await withLoop { loop in
            let recorder = Recorder<Int>()
            await withCheckedContinuation { continuation in
                loop.execute {
                    let start = loop.now
                    for (number, delay) in [30, 10, 20, 10, 0, -5].enumerated() {
                        loop.schedule(at: start + .milliseconds(delay)) { recorder.append(number) }
                    }
                    loop.schedule(at: start + .milliseconds(30)) { continuation.resume() }
                }
            }
            #expect(recorder.elements == [5, 4, 1, 3, 2, 0])
        }
    }

    @Test func `do not fire before their instant`() async throws {
        try await withLoop { loop in
            let early = await withCheckedContinuation { continuation in
                loop.execute {
                    let instant = ContinuousClock.now + .microseconds(3300)
                    loop.schedule(at: instant) { continuation.resume(returning: ContinuousClock.now < instant) }
                }
            }
            #expect(!early)
        }
    }

    @Test func `do not fire once cancelled, also from another timer of the same instant`() async throws {
        try await withLoop { loop in
            let recorder = Recorder<Int>()
            await withCheckedContinuation { continuation in
                loop.execute {
                    let instant = loop.now + .milliseconds(2)
                    var third: TimerID?
                    let first = loop.schedule(at: instant) { recorder.append(1) }
                    loop.schedule(at: instant) {
                        recorder.append(2)
                        if let third { loop.cancel(third) }
                    }
                    third = loop.schedule(at: instant) { recorder.append(3) }
                    let last = loop.schedule(at: instant) { continuation.resume() }
                    loop.cancel(first)
                    loop.cancel(first)
                    _ = last
                }
            }
            #expect(recorder.elements == [2])
        }
    }

    @Test func `stay right when thousands are scheduled and cancelled`() async throws {
        try await withLoop { loop in
            let recorder = Recorder<Int>()
            await withCheckedContinuation { continuation in
                loop.execute {
                    var timers: [TimerID] = []
                    for number in 0..<10_000 {
                        let instant = loop.now + .microseconds((number * 7919) % 5000)
                        timers.append(loop.schedule(at: instant) { recorder.append(number) })
                    }
                    for (number, timer) in timers.enumerated() where number % 10 != 0 {
                        loop.cancel(timer)
                    }
                    loop.schedule(at: loop.now + .milliseconds(6)) { continuation.resume() }
                }
            }
            #expect(recorder.elements.count == 1000)
            #expect(recorder.elements.allSatisfy { $0 % 10 == 0 })
        }
    }

    @Test func `that schedule themselves without delay starve nothing`() async throws {
        try await withLoop { loop in
            loop.execute {
                func again() {
                    loop.schedule(at: loop.now) { again() }
                }
                again()
            }
            try await loop.run {}
        }
    }
}
