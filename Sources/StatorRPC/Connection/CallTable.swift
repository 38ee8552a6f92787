internal import StatorWire

/// Calls by the number of their stream: open addressing in raw memory, of which a quiet connection holds none.
///
/// A dictionary would spend on its hash what a short call costs in all. Streams of one side count up, so that a
/// number's own lower bits place it well. Loop-confined, like the connection that it belongs to.
final class CallTable<Call> {
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

    /// Where the call is, or nil.
    private func find(_ id: UInt32) -> Int? {
        guard count > 0, let ids else { return nil }
        var index = place(of: id)
        while ids[index] != id {
            if ids[index] == 0 { return nil }
            index = (index + 1) & (capacity - 1)
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
        var index = place(of: id.rawValue)
        while ids[index] != 0 { index = (index + 1) & (capacity - 1) }
        ids[index] = id.rawValue
        (calls + index).initialize(to: call)
        count += 1
    }

    @discardableResult
    func remove(_ id: StreamID) -> Call? {
        guard var hole = find(id.rawValue), let ids, let calls else { return nil }
        let mask = capacity - 1
        let removed = (calls + hole).move()
        ids[hole] = 0
        count -= 1
        // Those behind move up as far as they may, so that no search stops before them.
        var index = (hole + 1) & mask
        while ids[index] != 0 {
            if (index - place(of: ids[index])) & mask >= (index - hole) & mask {
                ids[hole] = ids[index]
                (calls + hole).moveInitialize(from: calls + index, count: 1)
                ids[index] = 0
                hole = index
            }
            index = (index + 1) & mask
        }
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
