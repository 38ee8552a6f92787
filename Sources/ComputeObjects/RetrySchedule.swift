package import StatorWire

/// When a call that nobody answered is made again: a value that is asked after each failure.
///
/// The pauses double from `firstPause` to `longestPause`, each shortened by up to half at random, so that many
/// callers of one server that restarts do not come back together.
package struct RetrySchedule: Sendable {
    private static let firstPause: Duration = .milliseconds(100)
    private static let longestPause: Duration = .seconds(1)

    private let patience: Duration
    private var firstFailure: ContinuousClock.Instant?
    private var pause = RetrySchedule.firstPause

    /// Gives up `patience` after the first failure.
    package init(patience: Duration) {
        self.patience = patience
    }

    /// How long to wait before the next attempt; nil: the error stands.
    ///
    /// Only UNAVAILABLE is worth another attempt: it says that nobody did anything, or that nobody knows, in
    /// which case the idempotency key keeps a second attempt from doing it twice.
    package mutating func pauseAfter(
        _ code: StatusCode, now: ContinuousClock.Instant, deadline: ContinuousClock.Instant?,
        randomness: Double = .random(in: 0...1)
    ) -> Duration? {
        guard code == .unavailable else { return nil }
        let first = firstFailure ?? now
        firstFailure = first
        let wait = pause * (1 - randomness / 2)
        if let deadline, now + wait >= deadline { return nil }
        guard now + wait <= first + patience else { return nil }
        pause = min(pause * 2, Self.longestPause)
        return wait
    }

    /// An attempt got somewhere: the next failure is a first one again.
    package mutating func succeeded() {
        firstFailure = nil
        pause = Self.firstPause
    }
}
