internal import HeapModule

/// Names a scheduled timer.
public struct TimerID: Hashable, Sendable {
    let number: UInt64
}

/// Timers in the order in which they fall due; equal instants in the order in which they were scheduled.
struct TimerQueue {
    private struct Entry: Comparable {
        let instant: ContinuousClock.Instant
        let number: UInt64

        static func < (left: Entry, right: Entry) -> Bool {
            left.instant == right.instant ? left.number < right.number : left.instant < right.instant
        }
    }

    /// A cancelled timer's entry stays until it comes up, or until more than half of the entries are such.
    private static let deadEntriesMin = 64

    private var entries = Heap<Entry>()
    private var bodies: [UInt64: () -> Void] = [:]
    private var lastNumber: UInt64 = 0

    var isEmpty: Bool {
        bodies.isEmpty
    }

    mutating func schedule(at instant: ContinuousClock.Instant, _ body: @escaping () -> Void) -> TimerID {
        lastNumber += 1
        entries.insert(Entry(instant: instant, number: lastNumber))
        bodies[lastNumber] = body
        return TimerID(number: lastNumber)
    }

    /// Cancelling a timer that has run, or was cancelled before, does nothing.
    mutating func cancel(_ timer: TimerID) {
        guard bodies.removeValue(forKey: timer.number) != nil else {
            return
        }
        if entries.count > 2 * bodies.count + TimerQueue.deadEntriesMin {
            let live = entries.unordered.filter { bodies[$0.number] != nil }
            entries = Heap(live)
        }
    }

    /// When the next timer falls due.
    mutating func nextInstant() -> ContinuousClock.Instant? {
        while let first = entries.min {
            if bodies[first.number] != nil {
                return first.instant
            }
            entries.removeMin()
        }
        return nil
    }

    /// Takes the first timer that is due.
    mutating func popDue(at now: ContinuousClock.Instant) -> (() -> Void)? {
        guard let next = nextInstant(), next <= now, let entry = entries.popMin() else {
            return nil
        }
        return bodies.removeValue(forKey: entry.number)
    }

    mutating func removeAll() {
        self = TimerQueue(lastNumber: lastNumber)
    }

    init() {}

    private init(lastNumber: UInt64) {
        self.lastNumber = lastNumber
    }
}
