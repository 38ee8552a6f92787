/// How long to wait before the next attempt: longer with each failure, and never the same for all.
struct Backoff {
    static let firstDelay: Duration = .milliseconds(50)
    static let delayMax: Duration = .seconds(5)
    /// A connection that held for less counts as a failure.
    static let stableAfter: Duration = .seconds(1)

    private var failureCount = 0

    mutating func succeed() {
        failureCount = 0
    }

    /// The delay after one more failure: half of it is fixed, half random.
    mutating func next() -> Duration {
        var delay = Self.firstDelay
        for _ in 0..<min(failureCount, 16) where delay < Self.delayMax { delay *= 2 }
        failureCount += 1
        return min(delay, Self.delayMax) * Double.random(in: 0.5...1)
    }
}
