/// What is kept of a stream, whoever opened it.
struct Stream {
    var sendWindow = SendWindow.stream
    var receiveWindow = ReceiveWindow()
    /// The opener's last message was sent or has come.
    var isRequestOver = false
    /// A message of the peer's is under way, or OPEN came without its message.
    var isAssembling = false
    /// What is under way is the call's first message: its owner does not know of the stream.
    var isUndelivered = false
    /// Messages of ours wait in the queue of long messages.
    var isQueued = false
    /// The end of the stream waits there too: for its owner the stream is gone.
    var isFinishing = false
    var isPriority = false
    var deadline: WireInstant?

    /// Whether events of the stream still mean something to its owner.
    var isKnownToOwner: Bool { !isUndelivered && !isFinishing }
}

/// Streams by their numbers: open addressing over raw memory, of which an idle connection holds none.
///
/// One stream lies in a slot apart, so that a call which is answered at once is never put into the table.
/// A number's place is its own lower bits: those of one side count up, so neighbours never meet. Those that do meet
/// stand in the order of their distances from their places (Robin Hood hashing), which keeps searches and removals
/// short. A peer that chooses its numbers so that they meet makes itself a scan of at most `streamsMax` and
/// `priorityStreamsMax` slots.
struct StreamTable: ~Copyable {
    /// A slot is empty when its number is 0.
    struct Slot {
        var id: UInt32
        var stream: Stream
    }

    private static let capacityMin = 16
    /// A table that has become empty is kept up to this size until the connection is idle.
    private static let keptCapacityMax = 256

    /// `capacity` slots and the one apart behind them.
    private var slots: UnsafeMutablePointer<Slot>?
    /// A power of two, or 0.
    private var capacity = 0
    /// The streams in the table, without the one apart.
    private var tableCount = 0
    private(set) var count = 0
    /// Not later than the earliest deadline; earlier when that stream is gone.
    private(set) var nextDeadline: WireInstant?

    init() {}

    deinit {
        slots?.deallocate()
    }

    /// The stream, until the next call of a mutating method; nil when it is not in the table.
    @inline(__always)
    func find(_ id: StreamID) -> UnsafeMutablePointer<Stream>? {
        guard let slots else { return nil }
        let apart = slots + capacity
        if apart.pointee.id == id.rawValue { return Self.stream(apart) }
        return tableCount == 0 ? nil : findInTable(id.rawValue, slots)
    }

    private func findInTable(_ id: UInt32, _ slots: UnsafeMutablePointer<Slot>) -> UnsafeMutablePointer<Stream>? {
        index(of: id, slots).flatMap { Self.stream(slots + $0) }
    }

    @inline(__always)
    private func index(of id: UInt32, _ slots: UnsafeMutablePointer<Slot>) -> Int? {
        var index = place(of: id)
        var distance = 0
        while slots[index].id != id {
            // One that stands here with a shorter way would have had to make room.
            if slots[index].id == 0 || self.distance(index, slots) < distance { return nil }
            index = next(index)
            distance += 1
        }
        return index
    }

    @inline(__always)
    private static func stream(_ slot: UnsafeMutablePointer<Slot>) -> UnsafeMutablePointer<Stream>? {
        MemoryLayout<Slot>.offset(of: \.stream).map {
            UnsafeMutableRawPointer(slot).advanced(by: $0).assumingMemoryBound(to: Stream.self)
        }
    }

    /// A number's own slot; its lowest bit says only who opened it.
    @inline(__always)
    private func place(of id: UInt32) -> Int { Int(id >> 1) & (capacity - 1) }

    @inline(__always)
    private func next(_ index: Int) -> Int { (index + 1) & (capacity - 1) }

    /// How far what stands at an index is from its own place.
    @inline(__always)
    private func distance(_ index: Int, _ slots: UnsafeMutablePointer<Slot>) -> Int {
        (index - place(of: slots[index].id)) & (capacity - 1)
    }

    func contains(_ id: StreamID) -> Bool { find(id) != nil }

    /// Puts in a new stream, which must not be there yet.
    @inline(__always)
    mutating func insert(_ stream: Stream, as id: StreamID) {
        if let slots, slots[capacity].id == 0 {
            slots[capacity] = Slot(id: id.rawValue, stream: stream)
        } else {
            insertIntoTable(stream, as: id)
        }
        count += 1
        if let deadline = stream.deadline { nextDeadline = earlier(nextDeadline, deadline) }
    }

    private mutating func insertIntoTable(_ stream: Stream, as id: StreamID) {
        // One slot of four stays empty, so that a search ends soon.
        if slots == nil || (tableCount + 1) * 4 > capacity * 3 { grow() }
        guard let slots else { return }
        let slot = Slot(id: id.rawValue, stream: stream)
        if slots[capacity].id == 0 {
            slots[capacity] = slot
        } else {
            let place = place(of: slot.id)
            if slots[place].id == 0 { slots[place] = slot } else { put(slot, slots) }
            tableCount += 1
        }
    }

    private func put(_ slot: Slot, _ slots: UnsafeMutablePointer<Slot>) {
        var slot = slot
        var index = place(of: slot.id)
        var distance = 0
        while slots[index].id != 0 {
            let other = self.distance(index, slots)
            if other < distance {
                swap(&slot, &slots[index])
                distance = other
            }
            index = next(index)
            distance += 1
        }
        slots[index] = slot
    }

    private mutating func grow() {
        let (old, oldCapacity) = (slots, capacity)
        capacity = max(Self.capacityMin, capacity * 2)
        let slots = UnsafeMutablePointer<Slot>.allocate(capacity: capacity + 1)
        slots.initialize(repeating: Slot(id: 0, stream: Stream()), count: capacity + 1)
        self.slots = slots
        guard let old else { return }
        for index in 0..<oldCapacity where old[index].id != 0 { put(old[index], slots) }
        slots[capacity] = old[oldCapacity]
        old.deallocate()
    }

    /// Takes a stream out; nil when it is not there.
    @inline(__always)
    mutating func remove(_ id: StreamID) -> Stream? {
        guard let slots else { return nil }
        if slots[capacity].id == id.rawValue {
            slots[capacity].id = 0
            count -= 1
            return slots[capacity].stream
        }
        return tableCount > 0 ? removeFromTable(id.rawValue, slots) : nil
    }

    private mutating func removeFromTable(_ id: UInt32, _ slots: UnsafeMutablePointer<Slot>) -> Stream? {
        guard var hole = index(of: id, slots) else { return nil }
        let stream = slots[hole].stream
        // Those behind that are not at their own places move up.
        var index = next(hole)
        while slots[index].id != 0, distance(index, slots) > 0 {
            slots[hole] = slots[index]
            hole = index
            index = next(index)
        }
        slots[hole].id = 0
        tableCount -= 1
        count -= 1
        if count == 0, capacity > Self.keptCapacityMax { releaseIfEmpty() }
        return stream
    }

    /// Gives the memory back when there is no stream: for connections on which nothing happens.
    mutating func releaseIfEmpty() {
        guard count == 0 else { return }
        slots?.deallocate()
        slots = nil
        capacity = 0
        nextDeadline = nil
    }

    /// All streams, in no order.
    func forEach(_ body: (borrowing Stream) -> Void) {
        guard let slots, count > 0 else { return }
        for index in 0...capacity where slots[index].id != 0 { body(slots[index].stream) }
    }

    /// The streams for which the condition holds, oldest first.
    func ids(where condition: (StreamID, Stream) -> Bool) -> [StreamID] {
        guard let slots, count > 0 else { return [] }
        var found: [StreamID] = []
        for index in 0...capacity where slots[index].id != 0 {
            let id = StreamID(slots[index].id)
            if condition(id, slots[index].stream) { found.append(id) }
        }
        return found.sorted { $0.rawValue < $1.rawValue }
    }

    /// The streams whose deadline has passed, which the caller takes out.
    mutating func expired(now: WireInstant) -> [StreamID] {
        guard let first = nextDeadline, first <= now else { return [] }
        var next: WireInstant?
        let expired = ids { _, stream in
            guard let deadline = stream.deadline else { return false }
            if deadline > now { next = earlier(next, deadline) }
            return deadline <= now
        }
        nextDeadline = next
        return expired
    }
}

/// The earlier of two instants; nil: never.
func earlier(_ a: WireInstant?, _ b: WireInstant?) -> WireInstant? {
    guard let a, let b else { return a ?? b }
    return min(a, b)
}
