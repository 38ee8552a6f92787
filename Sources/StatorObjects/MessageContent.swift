/// The fields of a message, by their index in the schema; a value that is copied when written.
///
/// Generated code goes through it; everything else uses the generated properties.
@safe public struct MessageContent: @unchecked Sendable {
    // Sendable: the storage is only written while it is uniquely referenced, which `change` and `clearChanges` see to,
    // and the storage of a view of a nested message never. Its flag `isValidated` is the exception, and atomic.

    private(set) var storage: MessageStorage

    init(_ storage: MessageStorage) {
        self.storage = storage
    }

    /// A message in which nothing is set.
    public init(_ schema: MessageSchema) {
        storage = .empty(schema)
    }

    public var schema: MessageSchema { storage.schema }

    func layout(_ index: Int) -> FieldLayout { storage.schema.layout(index) }

    /// Hands out the struct to write the field, in a storage that nobody else sees.
    mutating func change(_ index: Int) -> MessageStorage {
        if !isKnownUniquelyReferenced(&storage) || storage.mustBeCopiedToWrite {
            storage = storage.copy()
        }
        storage.changes |= 1 << UInt128(index)
        storage.isValidated = false
        return storage
    }

    /// Unsets the field if it is set.
    mutating func unset(_ index: Int) {
        let layout = layout(index)
        // Of a part that was not loaded, that it has no value is news.
        guard unsafe storage.message.isSet(layout) || !isLoaded(index) else { return }
        let changed = change(index)
        unsafe changed.message.unset(layout)
        changed.loadedFields |= 1 << UInt128(index)
    }

    // MARK: By name

    func isSet(_ field: String) -> Bool {
        guard let index = schema.index(of: field) else { return false }
        return isSet(index)
    }

    func isSet(_ index: Int) -> Bool {
        unsafe storage.message.isSet(layout(index))
    }

    var setFields: [String] {
        schema.fields.indices.filter(isSet).map { schema.fields[$0].name }
    }

    var changedFields: [String] {
        schema.fields.indices.filter(hasChanged).map { schema.fields[$0].name }
    }

    func hasChanged(_ index: Int) -> Bool {
        storage.changes & (1 << UInt128(index)) != 0
    }

    mutating func clearChanges() {
        guard storage.changes != 0 else { return }
        if !isKnownUniquelyReferenced(&storage) {
            storage = storage.copy()
        }
        storage.changes = 0
    }

    /// Says what has changed in a message that nobody else sees, and whether its values are known to be valid.
    mutating func settle(changes: UInt128, isValidated: Bool) {
        storage.changes = changes
        storage.isValidated = isValidated
    }

    func onlyChanges(keeping names: [String]) -> MessageContent {
        let copy = storage.copy()
        for index in schema.fields.indices where !hasChanged(index) && !names.contains(schema.fields[index].name) {
            unsafe copy.message.unset(layout(index))
        }
        return MessageContent(copy)
    }
}

extension MessageContent: Equatable {
    public static func == (left: Self, right: Self) -> Bool {
        guard left.schema == right.schema else { return false }
        return unsafe left.storage.message.isEqual(to: right.storage.message, left.schema)
    }
}
