/// The prepared statements of one session, least recently used first out.
struct StatementCache {
    /// The types belong to a statement's identity: they are fixed when it is prepared.
    struct Key: Hashable {
        var sql: String
        var typeIDs: [UInt32]
    }

    private struct Entry {
        var name: String
        var lastUse: UInt64
    }

    private let countMax: Int
    private var entries: [Key: Entry] = [:]
    private var useCount: UInt64 = 0
    private var nameCount: UInt64 = 0

    init(countMax: Int) {
        self.countMax = max(1, countMax)
    }

    var count: Int { entries.count }

    /// The name under which it is prepared; counts as a use.
    mutating func name(for key: Key) -> String? {
        useCount += 1
        entries[key]?.lastUse = useCount
        return entries[key]?.name
    }

    /// A name that no statement of the session has borne.
    mutating func makeName() -> String {
        nameCount += 1
        return "stator_\(nameCount)"
    }

    /// The statement that has to go, and be deallocated, before another may come.
    mutating func evict() -> String? {
        guard entries.count >= countMax else { return nil }
        guard let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return nil }
        entries[oldest.key] = nil
        return oldest.value.name
    }

    mutating func insert(_ key: Key, name: String) {
        useCount += 1
        entries[key] = Entry(name: name, lastUse: useCount)
    }

    mutating func remove(_ key: Key) {
        entries[key] = nil
    }
}
