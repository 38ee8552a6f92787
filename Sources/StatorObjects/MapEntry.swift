internal import CProtobufC

/// What protobuf makes of a map: a list of messages, each of a key and a value.
///
/// In memory the entries are in the order of their keys, no key comes twice, and both fields are set: decoding sees to
/// it, and setters do, so that equal maps are the same list and have the same encoding.
enum MapEntry {
    static let keyIndex = 0
    static let valueIndex = 1
}

extension RawMessage {
    /// Brings the maps of a decoded message, and of what is nested in it, into the form that they have in memory.
    ///
    /// Where a key came more than once, the last entry counts, as protobuf has it.
    func arrangeMaps(_ schema: MessageSchema, in arena: Arena) {
        guard schema.facts.hasMaps else { return }
        for index in schema.fields.indices {
            let layout = schema.layout(index)
            guard let nested = schema.nested(index), unsafe isSet(layout) else { continue }
            let children = unsafe values(layout, as: UnsafeMutableRawPointer.self)
            for position in children.indices {
                unsafe RawMessage(children[position]).arrangeMaps(nested, in: arena)
            }
            if schema.fields[index].isMap {
                unsafe arrangeEntries(layout, schema.fields[index], nested, in: arena)
            }
        }
    }

    private func arrangeEntries(
        _ layout: FieldLayout, _ field: FieldSchema, _ entrySchema: MessageSchema, in arena: Arena
    ) {
        let entries = unsafe messages(layout)
        // What is refused need not be sorted.
        guard entries.count <= field.elementCountMax else { return }
        for position in entries.indices {
            unsafe RawMessage(entries[position]).completeEntry(entrySchema, in: arena)
        }
        let key = entrySchema.layout(MapEntry.keyIndex)
        let order = MapKeyOrder(entrySchema.fields[MapEntry.keyIndex].kind, key)
        let isArranged = zip(entries.indices, entries.indices.dropFirst()).allSatisfy { left, right in
            unsafe order.compare(RawMessage(entries[left]), RawMessage(entries[right])) < 0
        }
        if isArranged { return }
        // Of equal keys the later entry comes first, and is the one that stays.
        let unsorted = unsafe entries.map { UInt(bitPattern: $0) }
        func entry(_ position: Int) -> RawMessage {
            // It was a pointer a few lines above.
            unsafe RawMessage(UnsafeMutableRawPointer(bitPattern: unsorted[position]).unsafelyUnwrapped)
        }
        let sorted = unsorted.indices.sorted { left, right in
            let result = unsafe order.compare(entry(left), entry(right))
            return result != 0 ? result < 0 : left > right
        }
        var count = 0
        for position in sorted {
            let next = unsafe entry(position)
            if count > 0, unsafe order.compare(RawMessage(entries[count - 1]), next) == 0 { continue }
            unsafe entries[count] = unsafe next.base
            count += 1
        }
        unsafe setList(layout, entries.baseAddress, count: count)
    }

    /// Sets what an entry came without to its default, as protobuf has it.
    private func completeEntry(_ schema: MessageSchema, in arena: Arena) {
        for index in [MapEntry.keyIndex, MapEntry.valueIndex] {
            let layout = schema.layout(index)
            if unsafe isSet(layout) { continue }
            if let nested = schema.nested(index) {
                unsafe setMessage(layout, .empty(nested, in: arena))
            } else {
                // protobuf-c has put the default there.
                unsafe base.storeBytes(of: 1, toByteOffset: layout.quantifierOffset, as: protobuf_c_boolean.self)
            }
        }
    }
}

/// The order of a map's keys: numbers by their value, strings by their bytes.
private struct MapKeyOrder {
    private let kind: FieldKind
    private let layout: FieldLayout

    init(_ kind: FieldKind, _ layout: FieldLayout) {
        self.kind = kind
        self.layout = layout
    }

    /// Below 0 when the left entry's key comes first, 0 when both are equal.
    func compare(_ left: RawMessage, _ right: RawMessage) -> Int {
        switch kind {
        case .int32: unsafe order(left, right, Int32.self)
        case .int64: unsafe order(left, right, Int64.self)
        case .uint32, .bool: unsafe order(left, right, UInt32.self)
        case .uint64: unsafe order(left, right, UInt64.self)
        default: unsafe left.bytes(layout).compare(right.bytes(layout))
        }
    }

    private func order<Key: BitwiseCopyable & Comparable>(_ left: RawMessage, _ right: RawMessage, _: Key.Type) -> Int {
        let (left, right) = unsafe (left.scalar(layout, as: Key.self), right.scalar(layout, as: Key.self))
        return left < right ? -1 : left == right ? 0 : 1
    }
}

extension UnsafeRawBufferPointer {
    /// Below 0 when these bytes come first, 0 when both are equal.
    fileprivate func compare(_ other: UnsafeRawBufferPointer) -> Int {
        for offset in 0..<Swift.min(count, other.count) {
            let difference = unsafe Int(self[offset]) - Int(other[offset])
            if difference != 0 { return difference }
        }
        return count - other.count
    }
}
