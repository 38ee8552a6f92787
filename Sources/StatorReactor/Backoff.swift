/// How long to wait before the next attempt: between half and the whole of a limit that doubles with each failure, so
/// that many who lost the same server do not come back together.
package struct Backoff: Sendable {
    private let first: Duration
    private let longest: Duration
    private var limit: Duration

    package init(first: Duration, longest: Duration) {
        self.first = first
        self.longest = longest
        limit = first
    }

    /// An attempt got somewhere: the next failure is a first one again.
    package mutating func reset() {
        limit = first
    }

    package mutating func next() -> Duration {
        var generator = SystemRandomNumberGenerator()
        return next(using: &generator)
    }

    package mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let current = limit
        limit = min(limit * 2, longest)
        return current * Double.random(in: 0.5...1, using: &generator)
    }
}
