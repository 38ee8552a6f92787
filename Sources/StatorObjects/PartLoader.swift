internal import Synchronization

/// Fetches the parts that an object came without. Supplied by whoever knows where they are to be had.
public protocol PartLoader<Message>: Sendable {
    associatedtype Message: VersionedMessage
    associatedtype Failure: Error

    /// Counts the loads, since each is a call.
    var counter: PartLoadCounter { get }

    /// An object of the same identity with these parts; one that it does not have there is not set.
    ///
    /// - Parameter parts: Names of fields that are declared lazy and were not loaded yet.
    func load(_ parts: [String], of object: Message) async throws(Failure) -> Message
}

/// How many loads there were; to be shared by loaders that are counted together.
public final class PartLoadCounter: Sendable {
    private let calls = Atomic<UInt64>(0)
    private let parts = Atomic<UInt64>(0)

    public init() {}

    /// How often a loader was asked.
    public var callCount: UInt64 { calls.load(ordering: .relaxed) }
    /// For how many parts all together.
    public var partCount: UInt64 { parts.load(ordering: .relaxed) }

    fileprivate func count(parts count: Int) {
        calls.add(1, ordering: .relaxed)
        parts.add(UInt64(count), ordering: .relaxed)
    }
}

extension VersionedMessage {
    /// Whether what the field has is known: its value, or that it has none.
    ///
    /// Of a decoded object, a field that is declared lazy and has no value is not loaded: the sender may have left it
    /// out. Reading it gives nil and calls nobody. Every other field is loaded.
    public func isLoaded(_ field: String) -> Bool {
        guard let index = Self.schema.index(of: field) else { return true }
        return content.isLoaded(index)
    }

    /// The names of the fields that are not loaded, by field number.
    public var unloadedParts: [String] {
        content.unloadedFields.map { Self.schema.fields[$0].name }
    }

    /// Loads those of the named parts, by default of all, that are not loaded yet; counts as no change.
    ///
    /// One call of the loader fetches them all; when nothing is missing there is none. Names that are no lazy field's
    /// are ignored. When the loader throws, the object stays as it was.
    public mutating func load<Loader: PartLoader>(
        _ parts: [String]? = nil, with loader: Loader
    ) async throws(Loader.Failure) where Loader.Message == Self {
        let missing = content.unloadedFields.filter { parts?.contains(Self.schema.fields[$0].name) ?? true }
        guard !missing.isEmpty else { return }
        loader.counter.count(parts: missing.count)
        let loaded = try await loader.load(missing.map { Self.schema.fields[$0].name }, of: self)
        // What was set meanwhile stays.
        content.fill(missing.filter { !content.isLoaded($0) }, from: loaded.content)
    }
}

extension MessageContent {
    func isLoaded(_ index: Int) -> Bool {
        guard storage.isPartial, schema.fields[index].isLazy, !isSet(index) else { return true }
        return storage.loadedFields & (1 << UInt128(index)) != 0
    }

    fileprivate var unloadedFields: [Int] {
        storage.isPartial ? schema.fields.indices.filter { !isLoaded($0) } : []
    }

    /// Takes the fields' values without marking changes.
    fileprivate mutating func fill(_ indices: [Int], from other: MessageContent) {
        let (changes, isValidated) = (storage.changes, storage.isValidated && other.storage.isValidated)
        for index in indices {
            let layout = layout(index)
            let changed = change(index)
            unsafe changed.message.takeValue(layout, schema, index, of: other.storage.message, in: changed.arena)
            changed.loadedFields |= 1 << UInt128(index)
        }
        settle(changes: changes, isValidated: isValidated)
        withExtendedLifetime(other) {}
    }
}
