internal import CProtobufC
internal import Synchronization

/// What a message in memory has beside its arena's memory.
@unsafe struct MessageHead {
    /// First, so that the head's address is its address.
    private var arena: ArenaState
    let schema: MessageSchema
    /// The struct.
    private(set) var message: UnsafeMutableRawPointer
    /// The storage of the message that the struct is a part of, or that its values belong to. Referenced from here, it
    /// is not written any more.
    private let owner: MessageStorage?
    /// The struct belongs to the owner, which this storage only keeps alive.
    fileprivate let isView: Bool
    /// The bytes in use in the owner's arena.
    private let ownerUsedCount: Int
    private let validatedFlag: UnsafeMutablePointer<Atomic<Bool>>
    /// Arena size from which on writing first copies what is still in use into a new arena.
    private var compactionThreshold = 0
    // In halves: the alignment of UInt128 is one that malloc does not give.
    private var lowChanges: UInt64 = 0
    private var highChanges: UInt64 = 0
    private var lowLoadedFields: UInt64 = 0
    private var highLoadedFields: UInt64 = 0
    /// Was decoded, so that lazy parts without a value may have been left out by the sender.
    fileprivate(set) var isPartial = false

    fileprivate init(
        _ schema: MessageSchema, tail: UnsafeMutableRawPointer, capacity: Int, limit: Int,
        view: (message: RawMessage, of: MessageStorage)?, isValidated: Bool, isView: Bool
    ) {
        unsafe self.isView = isView
        unsafe validatedFlag = unsafe tail.initializeMemory(as: Atomic<Bool>.self, to: Atomic(isValidated))
        let chunk = unsafe UnsafeMutableRawBufferPointer(start: tail + MessageHead.flagSize, count: capacity)
        unsafe arena = unsafe ArenaState(chunk, end: tail + MessageHead.flagSize + capacity, limit: limit)
        unsafe self.schema = schema
        unsafe message = unsafe view?.message.base ?? tail
        if let view = unsafe view {
            // A view of a view needs the one storage only that both are a part of.
            let parent = unsafe view.of.head
            unsafe isPartial = unsafe parent.pointee.isPartial
            unsafe owner = unsafe parent.pointee.isView ? parent.pointee.owner ?? view.of : view.of
            unsafe ownerUsedCount = unsafe view.of.head.pointee.usedCount
        } else {
            unsafe owner = nil
            unsafe ownerUsedCount = 0
        }
    }

    /// In front of the arena's first chunk lies the flag `isValidated`.
    fileprivate static var flagSize: Int { MemoryLayout<UInt64>.stride }

    /// All that the message refers to lies in so many bytes of arenas.
    var usedCount: Int { unsafe arena.usedCount + ownerUsedCount }

    fileprivate var isFull: Bool { unsafe arena.usedCount > compactionThreshold }

    /// Bit n: field n was set to another value, or unset.
    var changes: UInt128 {
        get { unsafe UInt128(highChanges) << 64 | UInt128(lowChanges) }
        set {
            unsafe lowChanges = UInt64(truncatingIfNeeded: newValue)
            unsafe highChanges = UInt64(truncatingIfNeeded: newValue >> 64)
        }
    }

    /// Bit n: of field n it is known that it has no value.
    var loadedFields: UInt128 {
        get { unsafe UInt128(highLoadedFields) << 64 | UInt128(lowLoadedFields) }
        set {
            unsafe lowLoadedFields = UInt64(truncatingIfNeeded: newValue)
            unsafe highLoadedFields = UInt64(truncatingIfNeeded: newValue >> 64)
        }
    }

    /// The values were checked against the declaration since they were last written.
    ///
    /// Atomic, since a message that many tasks share is found valid by any of them.
    var isValidated: Bool {
        get { unsafe validatedFlag.pointee.load(ordering: .relaxed) }
        nonmutating set { unsafe validatedFlag.pointee.store(newValue, ordering: .relaxed) }
    }

    /// Takes the message that was put into the arena.
    mutating func settle(_ message: RawMessage) {
        unsafe self.message = unsafe message.base
        unsafe compactionThreshold = unsafe 4 * arena.usedCount + (16 << 10)
    }

    fileprivate mutating func deallocate() {
        unsafe arena.deallocate()
    }
}

/// One message in memory: the struct, the arena it lies in, and which fields have changed.
///
/// A single heap object: the arena's first chunk is its tail.
@safe final class MessageStorage: ManagedBuffer<MessageHead, UInt64> {
    deinit {
        unsafe head.pointee.deallocate()
    }

    /// A message in which nothing is set.
    static func empty(_ schema: MessageSchema) -> MessageStorage {
        let storage = unsafe make(schema, capacity: schema.structSize + 256, isValidated: true)
        unsafe storage.settle(RawMessage.empty(schema, in: storage.arena))
        return storage
    }

    /// A storage whose arena a message is to be decoded into; `settle` says where it came to lie.
    static func decoding(_ schema: MessageSchema, capacity: Int, limit: Int) -> MessageStorage {
        let storage = unsafe make(schema, capacity: capacity, limit: limit, isValidated: true)
        unsafe storage.head.pointee.isPartial = true
        return storage
    }

    /// A message nested in another one, as it is there.
    static func viewing(_ message: RawMessage, _ schema: MessageSchema, in parent: MessageStorage) -> MessageStorage {
        unsafe make(schema, capacity: 0, view: (message, parent), isValidated: parent.isValidated, isView: true)
    }

    /// A message to be written whose values are those of that one until they are set.
    static func editing(_ owner: MessageStorage) -> MessageStorage {
        unsafe editing(owner.message, owner.schema, of: owner)
    }

    /// A message to be written whose values are those of another one, which belongs to the owner, until they are set.
    static func editing(
        _ message: RawMessage, _ schema: MessageSchema, of owner: MessageStorage
    ) -> MessageStorage {
        let storage = unsafe make(
            schema, capacity: schema.structSize + 256, view: (message, owner), isValidated: true)
        unsafe storage.settle(message.shallowCopy(schema, in: storage.arena))
        return storage
    }

    private static func make(
        _ schema: MessageSchema, capacity: Int, limit: Int = .max,
        view: (message: RawMessage, of: MessageStorage)? = nil, isValidated: Bool, isView: Bool = false
    ) -> MessageStorage {
        let size = (capacity + arenaAlignment - 1) & ~(arenaAlignment - 1)
        let count = unsafe (MessageHead.flagSize + size) / MemoryLayout<UInt64>.stride
        let buffer = unsafe create(minimumCapacity: count) { buffer in
            let tail = unsafe buffer.withUnsafeMutablePointerToElements { UnsafeMutableRawPointer($0) }
            return unsafe MessageHead(
                schema, tail: tail, capacity: size, limit: limit, view: view, isValidated: isValidated,
                isView: isView)
        }
        // The object is of the class that was told to make it.
        return unsafe unsafeDowncast(buffer, to: MessageStorage.self)
    }

    /// To be used while the storage is kept alive; where speed counts, since each use of the reference may be counted.
    var head: UnsafeMutablePointer<MessageHead> {
        unsafe withUnsafeMutablePointerToHeader { unsafe $0 }
    }

    /// Takes the message that was put into the arena.
    func settle(_ message: RawMessage) {
        unsafe head.pointee.settle(message)
    }

    var schema: MessageSchema { unsafe head.pointee.schema }
    var message: RawMessage { unsafe RawMessage(head.pointee.message) }
    /// To be used while the storage is kept alive, and by its sole owner only.
    var arena: Arena { unsafe Arena(head) }

    var changes: UInt128 {
        get { unsafe head.pointee.changes }
        set { unsafe head.pointee.changes = newValue }
    }

    var loadedFields: UInt128 {
        get { unsafe head.pointee.loadedFields }
        set { unsafe head.pointee.loadedFields = newValue }
    }

    var isPartial: Bool { unsafe head.pointee.isPartial }

    var isValidated: Bool {
        get { unsafe head.pointee.isValidated }
        set { unsafe head.pointee.isValidated = newValue }
    }

    /// Writing in place is not possible, or would let the arena grow without end.
    var mustBeCopiedToWrite: Bool { unsafe head.pointee.isView || head.pointee.isFull }

    /// A message of its own with the same fields and changes.
    func copy() -> MessageStorage {
        // A view's owner may be much larger, and much of an arena that is full may not be in use any more.
        let isLoose = mustBeCopiedToWrite
        let capacity = unsafe isLoose ? 2 * schema.structSize : head.pointee.usedCount
        let copy = unsafe MessageStorage.make(schema, capacity: capacity + 256, isValidated: isValidated)
        unsafe copy.settle(message.deepCopy(schema, in: copy.arena))
        copy.changes = changes
        copy.loadedFields = loadedFields
        unsafe copy.head.pointee.isPartial = isPartial
        return copy
    }
}

extension Arena {
    /// The arena of a storage.
    init(_ head: UnsafeMutablePointer<MessageHead>) {
        unsafe self.init(UnsafeMutableRawPointer(head).assumingMemoryBound(to: ArenaState.self))
    }
}
