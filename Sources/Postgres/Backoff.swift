/// How long to wait before the next attempt: between half and the whole of a limit that doubles from 50 ms to 2 s.
package struct Backoff {
    package static let first: Duration = .milliseconds(50)
    package static let longest: Duration = .seconds(2)

    private var limit = Backoff.first

    package init() {}

    package mutating func reset() {
        limit = Self.first
    }

    package mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let current = limit
        limit = min(limit * 2, Self.longest)
        return current * Double.random(in: 0.5...1, using: &generator)
    }
}
