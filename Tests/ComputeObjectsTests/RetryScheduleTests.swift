import ComputeObjects
import StatorWire
import Testing

@Suite struct RetryScheduleTests {
    private let start = ContinuousClock.now

    @Test func `only an unanswered call is made again`() {
        for code in StatusCode.allCases where code != .unavailable {
            var schedule = RetrySchedule(patience: .seconds(5))
            #expect(schedule.pauseAfter(code, now: start, deadline: nil) == nil)
        }
    }

    @Test func `pauses double up to a second`() {
        var schedule = RetrySchedule(patience: .seconds(60))
        let pauses = (0..<6).map { _ in
            schedule.pauseAfter(.unavailable, now: start, deadline: nil, randomness: 0)
        }
        #expect(
            pauses == [
                .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800), .seconds(1),
                .seconds(1),
            ])
    }

    @Test func `chance shortens a pause by half at most`() {
        var schedule = RetrySchedule(patience: .seconds(60))
        #expect(
            schedule.pauseAfter(.unavailable, now: start, deadline: nil, randomness: 1) == .milliseconds(50))
    }

    @Test func `it gives up after its patience, counted from the first failure`() {
        var schedule = RetrySchedule(patience: .seconds(5))
        #expect(schedule.pauseAfter(.unavailable, now: start, deadline: nil, randomness: 0) != nil)
        #expect(schedule.pauseAfter(.unavailable, now: start + .seconds(4), deadline: nil, randomness: 0) != nil)
        #expect(schedule.pauseAfter(.unavailable, now: start + .seconds(5), deadline: nil, randomness: 0) == nil)
    }

    @Test func `it does not pause past the deadline`() {
        var schedule = RetrySchedule(patience: .seconds(5))
        let deadline = start + .milliseconds(100)
        #expect(schedule.pauseAfter(.unavailable, now: start, deadline: deadline, randomness: 0) == nil)
        #expect(
            schedule.pauseAfter(.unavailable, now: start, deadline: deadline, randomness: 1) == .milliseconds(50))
    }

    @Test func `success makes the next failure a first one`() {
        var schedule = RetrySchedule(patience: .seconds(5))
        _ = schedule.pauseAfter(.unavailable, now: start, deadline: nil, randomness: 0)
        schedule.succeeded()
        #expect(
            schedule.pauseAfter(.unavailable, now: start + .seconds(60), deadline: nil, randomness: 0)
                == .milliseconds(100))
    }
}
