internal import Synchronization

/// How many calls a channel may make again, so that repetitions do not bury a service that is in trouble.
///
/// A bucket of tokens as gRPC's retry throttling has it: a repetition takes one, a success gives a tenth back. Calls that
/// the peer never began cost nothing.
final class RetryBudget: Sendable {
    /// Tenths of a token.
    private let tenths: Atomic<Int>
    private let tenthsMax: Int

    /// - Parameter tokensMax: How many repetitions in a row are allowed; the bucket is full at first.
    init(tokensMax: Int) {
        tenthsMax = max(0, tokensMax) * 10
        tenths = Atomic(tenthsMax)
    }

    /// A call was answered.
    func succeed() {
        guard tenths.load(ordering: .relaxed) < tenthsMax else { return }
        // May overshoot by what runs at the same time; a bound is all that is wanted.
        tenths.add(1, ordering: .relaxed)
    }

    /// Takes a token, when there is one.
    func takeToken() -> Bool {
        let left = tenths.subtract(10, ordering: .relaxed).newValue
        guard left < 0 else { return true }
        tenths.add(10, ordering: .relaxed)
        return false
    }
}
