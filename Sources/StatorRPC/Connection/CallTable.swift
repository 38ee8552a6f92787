internal import StatorWire

/// Calls by the number of their stream: open addressing in raw memory, of which a quiet connection holds none.
///
/// A dictionary would spend on its hash what a short call costs in all. Streams of one side count up, so that a
/// number's own lower bits place it well. Those that meet stand in the order of their distances from their places
/// (Robin Hood hashing), so that neither a search nor a removal goes through neighbours that stand where they belong.
/// Loop-confined, like the connection that it belongs to.
final class CallTable<Call: AnyObject> {
    private static var capacityMin: Int { 16 }

    private var ids: UnsafeMutablePointer<UInt32>?
    private var calls: UnsafeMutablePointer<Call>?
    /// A power of two, or 0.
    private var capacity = 0
    private(set) var count = 0

    deinit {
        _ = removeAll()
    }

    private func place(of id: UInt32) -> Int { Int(id >> 1) & (capacity - 1) }

    /// How far what stands at an index is from its own place.
    private func distance(_ index: Int, _ ids: UnsafeMutablePointer<UInt32>) -> Int {
        (index - place(of: ids[index])) & (capacity - 1)
    }

    /// Where the call is, or nil.
    private func find(_ id: UInt32) -> Int? {
        guard count > 0, let ids else { return nil }
        var index = place(of: id)
        var distance = 0
        while ids[index] != id {
            // One that stands here with a shorter way would have had to make room.
            if ids[index] == 0 || self.distance(index, ids) < distance { return nil }
            index = (index + 1) & (capacity - 1)
            distance += 1
        }
        return index
    }

    subscript(_ id: StreamID) -> Call? {
        guard let index = find(id.rawValue), let calls else { return nil }
        return calls[index]
    }

    /// Puts in a call whose number is new.
    func insert(_ call: consuming Call, as id: StreamID) {
        if (count + 1) * 4 > capacity * 3 { grow() }
        guard let ids, let calls else { return }
        count += 1
        let index = place(of: id.rawValue)
        guard ids[index] != 0 else {
            ids[index] = id.rawValue
            return (calls + index).initialize(to: call)
        }
        insert(call, as: id.rawValue, from: index, ids, calls)
    }

    /// Goes on from its own place, where another stands, to one that it may take.
    private func insert(
        _ call: consuming Call, as id: UInt32, from place: Int, _ ids: UnsafeMutablePointer<UInt32>,
        _ calls: UnsafeMutablePointer<Call>
    ) {
        var (id, call) = (id, call)
        var (index, distance) = (place, 0)
        while ids[index] != 0 {
            let other = self.distance(index, ids)
            if other < distance {
                swap(&id, &ids[index])
                swap(&call, &calls[index])
                distance = other
            }
            index = (index + 1) & (capacity - 1)
            distance += 1
        }
        ids[index] = id
        (calls + index).initialize(to: call)
    }

    @discardableResult
    func remove(_ id: StreamID) -> Call? {
        guard var hole = find(id.rawValue), let ids, let calls else { return nil }
        let removed = (calls + hole).move()
        count -= 1
        // Those behind that are not at their own places move up.
        var index = (hole + 1) & (capacity - 1)
        while ids[index] != 0, distance(index, ids) > 0 {
            ids[hole] = ids[index]
            (calls + hole).moveInitialize(from: calls + index, count: 1)
            hole = index
            index = (index + 1) & (capacity - 1)
        }
        ids[hole] = 0
        return removed
    }

    /// Takes all calls out and gives the memory back.
    func removeAll() -> [Call] {
        var all: [Call] = []
        if let ids, let calls {
            for index in 0..<capacity where ids[index] != 0 { all.append((calls + index).move()) }
        }
        release()
        return all
    }

    /// Gives the memory back when there is no call; asked by the connection's timer, so that short calls do not take it anew.
    func releaseIfEmpty() {
        if count == 0 { release() }
    }

    private func release() {
        ids?.deallocate()
        calls?.deallocate()
        ids = nil
        calls = nil
        capacity = 0
        count = 0
    }

    private func grow() {
        let (oldIDs, oldCalls, oldCapacity) = (ids, calls, capacity)
        capacity = max(Self.capacityMin, capacity * 2)
        let ids = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity)
        ids.initialize(repeating: 0, count: capacity)
        self.ids = ids
        calls = .allocate(capacity: capacity)
        count = 0
        guard let oldIDs, let oldCalls else { return }
        for index in 0..<oldCapacity where oldIDs[index] != 0 {
            insert((oldCalls + index).move(), as: StreamID(oldIDs[index]))
        }
        oldIDs.deallocate()
        oldCalls.deallocate()
    }
}
