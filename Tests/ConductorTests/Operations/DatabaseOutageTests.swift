import Conductor
import Testing

@Suite struct DatabaseOutageTests {
    static let start = ContinuousClock.now
    static func after(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test func `a conductor that begins knows as little of its hosts as after an outage`() {
        #expect(DatabaseOutage(now: Self.start).lastSeen == Self.start)
    }

    @Test func `an outage is told of once, and lasts until an answer`() {
        var outage = DatabaseOutage(now: Self.start)
        let first = outage.failed(now: Self.after(1))
        let second = outage.failed(now: Self.after(2))
        outage.answered(askedAt: Self.after(3), now: Self.after(3))
        let third = outage.failed(now: Self.after(4))
        #expect([first, second, third] == [true, false, true])
        #expect(outage.lastSeen == Self.after(4))
    }

    @Test func `an answer that took long says that the database was away`() {
        var outage = DatabaseOutage(now: Self.start)
        outage.answered(askedAt: Self.after(10), now: Self.after(11))
        #expect(outage.lastSeen == Self.start)
        outage.answered(askedAt: Self.after(10), now: Self.after(20))
        #expect(outage.lastSeen == Self.after(20))
    }

    @Test func `hosts are let go when the outage is longer than their leases, and again after as long`() {
        var outage = DatabaseOutage(now: Self.start)
        _ = outage.failed(now: Self.start)
        let lease = Int(Leases.host.components.seconds)
        let times = [1, lease, lease + 1, lease + 2, 2 * lease + 2]
        let answers = times.map { outage.letsHostsGo(now: Self.after($0)) }
        #expect(answers == [false, false, true, false, true])
        outage.answered(askedAt: Self.after(3 * lease), now: Self.after(3 * lease))
        let back = outage.letsHostsGo(now: Self.after(9 * lease))
        #expect(!back)
    }
}
