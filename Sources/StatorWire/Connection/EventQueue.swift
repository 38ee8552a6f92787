/// Events that are to be taken before the peer's next frame is looked at.
struct EventQueue {
    private var events: [WireEvent] = []
    private var first = 0

    var isEmpty: Bool { events.isEmpty }

    mutating func append(_ event: WireEvent) {
        events.append(event)
    }

    mutating func next() -> WireEvent? {
        guard first < events.count else { return nil }
        let event = events[first]
        first += 1
        if first == events.count {
            events = []
            first = 0
        }
        return event
    }
}
