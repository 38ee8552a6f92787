import StatorReactor
import Testing

@Suite struct BackoffTests {
    @Test func `pauses double up to the longest, each shortened by up to half at random`() {
        var backoff = Backoff(first: .milliseconds(50), longest: .seconds(2))
        var limit = Duration.milliseconds(50)
        for _ in 0..<10 {
            let pause = backoff.next()
            #expect(pause >= limit / 2 && pause <= limit)
            limit = min(limit * 2, .seconds(2))
        }
        #expect(limit == .seconds(2))
    }

    @Test func `after a success the next pause is a first one again`() {
        var backoff = Backoff(first: .milliseconds(50), longest: .seconds(2))
        for _ in 0..<5 { _ = backoff.next() }
        backoff.reset()
        #expect(backoff.next() <= .milliseconds(50))
    }
}
