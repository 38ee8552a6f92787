/// Notices a peer that has vanished without a word.
///
/// `quiet` (until `pingAt`) → `pinged` (until `giveUpAt`) → `quiet` again with any byte from the peer.
struct KeepaliveStateMachine: ~Copyable {
    private enum State {
        case quiet(pingAt: ContinuousClock.Instant)
        case pinged(giveUpAt: ContinuousClock.Instant)
    }

    enum OnTimer: Equatable {
        case wait
        case sendPing(UInt64)
        case giveUp
    }

    private var state: State
    private let timing: WireTiming
    /// The number in the newest PING, and in those PONGs that are still to come.
    private var pingCount: UInt64 = 0
    private var pongCount: UInt64 = 0

    init(timing: WireTiming, now: ContinuousClock.Instant) {
        self.timing = timing
        state = .quiet(pingAt: now.advanced(by: timing.pingInterval))
    }

    /// When `timer` is to be called.
    var wakeUp: ContinuousClock.Instant {
        switch state {
        case .quiet(let pingAt): pingAt
        case .pinged(let giveUpAt): giveUpAt
        }
    }

    /// Bytes came from the peer, whatever they say.
    mutating func receive(now: ContinuousClock.Instant) {
        state = .quiet(pingAt: now.advanced(by: timing.pingInterval))
    }

    /// A PONG came; each answers the oldest PING that is not yet answered.
    mutating func receivePong(_ number: UInt64) throws(WireViolation) {
        guard pongCount < pingCount, number == pongCount + 1 else {
            throw WireViolation("a PONG that answers no PING")
        }
        pongCount = number
    }

    mutating func timer(now: ContinuousClock.Instant) -> OnTimer {
        switch state {
        case .quiet(let pingAt):
            guard now >= pingAt else { return .wait }
            state = .pinged(giveUpAt: now.advanced(by: timing.pingTimeout))
            pingCount += 1
            return .sendPing(pingCount)
        case .pinged(let giveUpAt):
            return now >= giveUpAt ? .giveUp : .wait
        }
    }
}
