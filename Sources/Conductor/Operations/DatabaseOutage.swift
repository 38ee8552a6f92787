/// What a conductor makes of whether the database answers it. Does no I/O.
package struct DatabaseOutage: Equatable, Sendable {
    /// A database that took longer to answer was away.
    package static let answerTimeMax: Duration = .seconds(5)

    /// When the database was last seen away; before that, when the conductor began.
    package private(set) var lastSeen: ContinuousClock.Instant
    /// Since when it has been away without a break, or since the hosts were last let go; nil: it answers.
    private var began: ContinuousClock.Instant?

    package init(now: ContinuousClock.Instant) {
        lastSeen = now
    }

    /// The database answered what it was asked at that time.
    package mutating func answered(askedAt: ContinuousClock.Instant, now: ContinuousClock.Instant) {
        if now - askedAt > Self.answerTimeMax { lastSeen = now }
        began = nil
    }

    /// Whether this is the first failure of the outage.
    package mutating func failed(now: ContinuousClock.Instant) -> Bool {
        lastSeen = now
        guard began == nil else { return false }
        began = now
        return true
    }

    /// Whether the hosts that are attached here had better go to another conductor, which may have the database: no
    /// host's lease can hold any more. True once for each time that a lease lasts.
    package mutating func letsHostsGo(now: ContinuousClock.Instant) -> Bool {
        guard let since = began, now - since > Leases.host else { return false }
        began = now
        return true
    }
}
