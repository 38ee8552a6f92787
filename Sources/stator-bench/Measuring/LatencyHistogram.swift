/// Counts durations in steps that grow with them: 64 per power of two, so that a quantile is off by 1.6 % at most.
///
/// The plain C peer counts in the same way (histogram.h).
package struct LatencyHistogram {
    private static let steps = 64
    private static let length = 59 * steps

    private var counts = [UInt64](repeating: 0, count: length)
    package private(set) var total: UInt64 = 0

    package init() {}

    package mutating func add(nanoseconds: UInt64, count: UInt64 = 1) {
        let value = max(nanoseconds, UInt64(Self.steps))
        let shift = UInt64.bitWidth - 1 - value.leadingZeroBitCount - 6
        let index = shift * Self.steps + Int(value >> UInt64(shift)) - Self.steps
        counts[min(index, Self.length - 1)] += count
        total += count
    }

    /// The middle of the step with the value that this fraction of all are at most; nil when there are none.
    package func quantile(_ fraction: Double) -> Double? {
        let rank = UInt64(fraction * Double(total))
        var seen: UInt64 = 0
        for (index, count) in counts.enumerated() {
            seen += count
            if seen > rank {
                let step = Double(Self.steps + index % Self.steps) + 0.5
                return step * Double(UInt64(1) << UInt64(index / Self.steps))
            }
        }
        return nil
    }
}

extension Duration {
    /// Whole nanoseconds; 0 when negative.
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds)) / 1_000_000_000
    }
}
