/// An instant of the continuous clock with a layout that is known when modules are compiled.
///
/// `ContinuousClock.Instant` has none: whatever holds one, an event or a stream, would be copied and taken apart by
/// calls into the runtime, which cost more than all else that is done for a frame.
package struct WireInstant: Hashable, Comparable, Sendable {
    /// Since `origin`; far instants count as the farthest that it can say.
    private var nanoseconds: Int64

    /// Any instant serves, as long as it is always the same.
    private static let origin = ContinuousClock.now

    private init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package init(_ instant: ContinuousClock.Instant) {
        nanoseconds = Self.origin.duration(to: instant).clampedNanoseconds
    }

    package static var now: WireInstant { WireInstant(.now) }

    package var instant: ContinuousClock.Instant { Self.origin.advanced(by: .nanoseconds(nanoseconds)) }

    package func advanced(by duration: Duration) -> WireInstant {
        advanced(byNanoseconds: duration.clampedNanoseconds)
    }

    func advanced(byNanoseconds more: Int64) -> WireInstant {
        let (sum, hasOverflowed) = nanoseconds.addingReportingOverflow(more)
        return WireInstant(nanoseconds: hasOverflowed ? (more < 0 ? .min : .max) : sum)
    }

    /// Whole microseconds until another instant, 0 when it has passed.
    @inline(__always)
    func microseconds(until later: WireInstant) -> UInt64 {
        guard later > self else { return 0 }
        let (nanoseconds, hasOverflowed) = later.nanoseconds.subtractingReportingOverflow(nanoseconds)
        return UInt64(hasOverflowed ? .max : nanoseconds) / 1_000
    }

    package static func < (a: WireInstant, b: WireInstant) -> Bool { a.nanoseconds < b.nanoseconds }
}

extension Duration {
    var clampedNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, hasOverflowed) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, sumHasOverflowed) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return hasOverflowed || sumHasOverflowed ? (seconds < 0 ? .min : .max) : sum
    }

    /// Whole microseconds, rounded towards zero; at most those of `WireLimits.timeoutMax`.
    var timeoutMicroseconds: UInt64 {
        let (seconds, attoseconds) = min(max(self, .zero), WireLimits.timeoutMax).components
        return UInt64(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }
}
