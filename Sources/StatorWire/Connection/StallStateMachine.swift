/// Notices a peer that is alive and takes nothing of what it is sent.
///
/// `clear` (nothing waits, or some of it was sent since) → `stalled` (until `giveUpAt`) → `clear` again with any byte
/// that is sent. It is looked at when bytes come and when time is told: a peer of which nothing comes is keepalive's.
struct StallStateMachine: ~Copyable {
    enum State {
        case clear
        case stalled(sentCount: UInt64, giveUpAt: WireInstant)
    }

    enum OnLook: Equatable {
        case wait
        case giveUp
    }

    private var state = State.clear
    private let timeout: Duration

    /// A peer may take nothing for as long as it may say nothing.
    init(timing: WireTiming) {
        timeout = timing.pingInterval + timing.pingTimeout
    }

    mutating func look(waiting: Int, sentCount: UInt64, now: WireInstant) -> OnLook {
        guard waiting > 0 else {
            state = .clear
            return .wait
        }
        if case .stalled(sentCount, let giveUpAt) = state { return now >= giveUpAt ? .giveUp : .wait }
        state = .stalled(sentCount: sentCount, giveUpAt: now.advanced(by: timeout))
        return .wait
    }
}
