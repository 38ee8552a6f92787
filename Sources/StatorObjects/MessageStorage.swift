internal import CProtobufC

/// One message in memory: the arena, the struct in it, and which fields have changed.
@safe final class MessageStorage: @unchecked Sendable {
    // Sendable: it is only written while it is uniquely referenced (MessageContent sees to that), and a view of a
    // nested message is never written.

    let schema: MessageSchema
    let arena: Arena
    private let address: UnsafeMutableRawPointer
    /// The struct belongs to another storage, whose arena this one only keeps alive.
    let isView: Bool
    /// Arena size from which on writing first copies what is still in use into a new arena.
    private let compactionThreshold: Int
    /// Bit n: field n was set to another value, or unset.
    var changes: UInt128 = 0
    /// The values were checked against the declaration since they were last written.
    var isValidated: Bool

    private init(
        _ schema: MessageSchema, arena: Arena, message: RawMessage, isView: Bool, isValidated: Bool,
        changes: UInt128 = 0
    ) {
        self.schema = schema
        self.arena = arena
        unsafe address = unsafe message.base
        self.isView = isView
        self.isValidated = isValidated
        self.changes = changes
        // A view never writes, and its arena may be growing on another thread.
        compactionThreshold = isView ? 0 : 4 * arena.allocatedCount + (16 << 10)
    }

    /// A message in which nothing is set.
    convenience init(_ schema: MessageSchema) {
        let arena = Arena(capacity: schema.structSize + 256)
        let message = unsafe RawMessage.empty(schema, in: arena)
        unsafe self.init(schema, arena: arena, message: message, isView: false, isValidated: true)
    }

    /// A message that was decoded into the arena, which is the message's own.
    convenience init(_ schema: MessageSchema, decoded message: RawMessage, in arena: Arena) {
        unsafe self.init(schema, arena: arena, message: message, isView: false, isValidated: true)
    }

    /// A message of its own with the same fields as that one.
    convenience init(_ schema: MessageSchema, copying message: RawMessage) {
        let arena = Arena(capacity: 2 * schema.structSize)
        let copy = unsafe message.deepCopy(schema, in: arena)
        unsafe self.init(schema, arena: arena, message: copy, isView: false, isValidated: false)
    }

    /// A message nested in another one, as it is there.
    convenience init(_ schema: MessageSchema, viewing message: RawMessage, in parent: MessageStorage) {
        unsafe self.init(
            schema, arena: parent.arena, message: message, isView: true, isValidated: parent.isValidated)
    }

    var message: RawMessage { unsafe RawMessage(address) }

    /// Writing in place is not possible, or would let the arena grow without end.
    var mustBeCopiedToWrite: Bool { isView || arena.allocatedCount > compactionThreshold }

    /// A message of its own with the same fields and changes.
    func copy() -> MessageStorage {
        let used = isView ? schema.structSize : min(arena.allocatedCount, compactionThreshold)
        let arena = Arena(capacity: used + 256)
        let copy = unsafe message.deepCopy(schema, in: arena)
        return unsafe MessageStorage(
            schema, arena: arena, message: copy, isView: false, isValidated: isValidated, changes: changes)
    }
}
