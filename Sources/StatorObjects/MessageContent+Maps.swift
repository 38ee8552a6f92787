internal import CProtobufC

// Maps. An empty map and a map that is not set are the same.
extension MessageContent {
    /// The entries whose values this build knows.
    public func map<Key: MessageMapKey, Value: MessageMapValue>(_ index: Int) -> [Key: Value] {
        guard let entrySchema = schema.nested(index) else { return [:] }
        let key = entrySchema.layout(MapEntry.keyIndex)
        let value = entrySchema.layout(MapEntry.valueIndex)
        let entries = unsafe storage.message.messages(layout(index))
        var map: [Key: Value] = [:]
        map.reserveCapacity(entries.count)
        for position in entries.indices {
            let entry = unsafe RawMessage(entries[position])
            guard let entryKey = unsafe Key.read(MessageMapSlot(entry, key, in: storage)),
                let entryValue = unsafe Value.read(MessageMapSlot(entry, value, in: storage))
            else { continue }
            map[entryKey] = entryValue
        }
        return map
    }

    /// Replaces all entries, unless they are the same.
    public mutating func set<Key: MessageMapKey, Value: MessageMapValue>(_ index: Int, _ map: [Key: Value]) {
        guard self.map(index) != map, let entrySchema = schema.nested(index) else { return }
        if map.isEmpty { return unset(index) }
        let layout = layout(index)
        let key = entrySchema.layout(MapEntry.keyIndex)
        let value = entrySchema.layout(MapEntry.valueIndex)
        let changed = change(index)
        let list = unsafe changed.arena.allocate(map.count * layout.storage.size)
        let sorted = map.sorted { Key.precedes($0.key, $1.key) }
        for (position, element) in sorted.enumerated() {
            let entry = unsafe RawMessage.empty(entrySchema, in: changed.arena)
            unsafe element.key.write(MessageMapSlot(entry, key, in: changed))
            unsafe element.value.write(MessageMapSlot(entry, value, in: changed))
            unsafe list.storeBytes(
                of: entry.base, toByteOffset: position * layout.storage.size, as: UnsafeMutableRawPointer.self)
        }
        unsafe changed.message.setList(layout, list, count: map.count)
    }
}
