/// Notices a peer that has vanished without a word.
///
/// `quiet` (since `heardAt`) → `pinged` (until `giveUpAt`) → `quiet` again with any byte from the peer.
struct KeepaliveStateMachine: ~Copyable {
    enum State {
        case quiet(heardAt: WireInstant)
        case pinged(giveUpAt: WireInstant)
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

    init(timing: WireTiming, now: WireInstant) {
        self.timing = timing
        state = .quiet(heardAt: now)
    }

    /// When `timer` is to be called.
    var wakeUp: WireInstant {
        switch state {
        case .quiet(let heardAt): heardAt.advanced(by: timing.pingInterval)
        case .pinged(let giveUpAt): giveUpAt
        }
    }

    /// Bytes came from the peer, whatever they say.
    mutating func receive(now: WireInstant) {
        state = .quiet(heardAt: now)
    }

    /// A PING is to be sent; returns its number.
    mutating func ping() -> UInt64 {
        pingCount += 1
        return pingCount
    }

    /// A PONG came; each answers the oldest PING that is not yet answered.
    mutating func receivePong(_ number: UInt64) throws(WireViolation) {
        guard pongCount < pingCount, number == pongCount + 1 else {
            throw WireViolation("a PONG that answers no PING")
        }
        pongCount = number
    }

    mutating func timer(now: WireInstant) -> OnTimer {
        switch state {
        case .quiet(let heardAt):
            guard now >= heardAt.advanced(by: timing.pingInterval) else { return .wait }
            state = .pinged(giveUpAt: now.advanced(by: timing.pingTimeout))
            return .sendPing(ping())
        case .pinged(let giveUpAt):
            return now >= giveUpAt ? .giveUp : .wait
        }
    }
}
