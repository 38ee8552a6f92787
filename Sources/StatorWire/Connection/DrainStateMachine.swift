/// How this side goes away without losing a call that the peer has just opened.
///
/// `none` → `announced` (GOAWAY without a last stream and a PING were sent: the peer opens nothing more, and what it
/// opened before it knew is still taken) → `final` (its PONG came, behind all of that, or did not come in time: GOAWAY
/// with the true last stream was sent, and what comes later is ignored).
struct DrainStateMachine: ~Copyable {
    enum State {
        case none
        /// The time begins with the first look, since nobody says when the announcement was made.
        case announced(ping: UInt64, text: String, since: WireInstant?)
        case final
    }

    enum OnLook: Equatable {
        case wait
        /// Send the final GOAWAY.
        case finish(String)
    }

    private var state = State.none
    private let timeout: Duration

    init(timing: WireTiming) {
        timeout = timing.pingTimeout
    }

    var isNone: Bool {
        switch state {
        case .none: true
        case .announced, .final: false
        }
    }

    /// Whether the peer may still have opened what is to be taken.
    var isAnnounced: Bool {
        switch state {
        case .announced: true
        case .none, .final: false
        }
    }

    var wakeUp: WireInstant? {
        guard case .announced(_, _, let since?) = state else { return nil }
        return since.advanced(by: timeout)
    }

    mutating func announce(ping: UInt64, _ text: String) {
        state = .announced(ping: ping, text: text, since: nil)
    }

    /// A PONG came.
    mutating func receivePong(_ number: UInt64) -> OnLook {
        guard case .announced(number, let text, _) = state else { return .wait }
        state = .final
        return .finish(text)
    }

    mutating func look(now: WireInstant) -> OnLook {
        guard case .announced(let ping, let text, let since) = state else { return .wait }
        guard let since else {
            state = .announced(ping: ping, text: text, since: now)
            return .wait
        }
        guard now >= since.advanced(by: timeout) else { return .wait }
        state = .final
        return .finish(text)
    }
}
