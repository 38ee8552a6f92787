/// Notices a connection on which nobody calls.
///
/// `busy` → `idle` (without a stream since an instant, and none opened since) → `busy` again with a stream. It is
/// looked at when bytes come and when time is told, so it notices late rather than early: by the interval of PINGs at
/// most.
struct IdleStateMachine: ~Copyable {
    enum State {
        case busy
        case idle(since: WireInstant, openCount: UInt64)
    }

    enum OnLook: Equatable {
        case wait
        case goAway
    }

    private var state = State.busy
    private let timeout: Duration?

    init(timing: WireTiming) {
        timeout = timing.idleTimeout
    }

    /// Whether to look at all.
    var isOn: Bool { timeout != nil }

    /// When to look next; nil: with the next bytes or PING.
    var wakeUp: WireInstant? {
        guard let timeout, case .idle(let since, _) = state else { return nil }
        return since.advanced(by: timeout)
    }

    /// - Parameter openCount: Of both sides, since the connection was begun.
    mutating func look(streamCount: Int, openCount: UInt64, now: WireInstant) -> OnLook {
        guard let timeout, streamCount == 0 else {
            state = .busy
            return .wait
        }
        if case .idle(let since, openCount) = state {
            return now >= since.advanced(by: timeout) ? .goAway : .wait
        }
        state = .idle(since: now, openCount: openCount)
        return .wait
    }
}
