internal import CProtobufC

/// Where the key or the value of a map's entry lies; for the types that implement `MessageMapKey` and
/// `MessageMapValue`, all of which are in this module or generated.
@safe public struct MessageMapSlot {
    fileprivate let entry: RawMessage
    fileprivate let layout: FieldLayout
    fileprivate let storage: MessageStorage

    init(_ entry: RawMessage, _ layout: FieldLayout, in storage: MessageStorage) {
        unsafe self.entry = unsafe entry
        self.layout = layout
        self.storage = storage
    }

    fileprivate func scalar<Value: BitwiseCopyable>(as type: Value.Type = Value.self) -> Value {
        unsafe entry.scalar(layout, as: type)
    }

    fileprivate func setScalar<Value: BitwiseCopyable>(_ value: Value) {
        unsafe entry.setScalar(layout, value)
    }

    fileprivate var bytes: UnsafeRawBufferPointer { unsafe entry.bytes(layout) }

    fileprivate func setBytes(_ bytes: UnsafeRawBufferPointer) {
        unsafe entry.setScalar(layout, storage.arena.binaryData(bytes))
    }
}

/// A type of a map's keys: `String` or an integer.
public protocol MessageMapKey: MessageMapValue, Hashable {
    /// The order in which entries are kept and encoded.
    static func precedes(_ left: Self, _ right: Self) -> Bool
}

/// A type of a map's values.
public protocol MessageMapValue: Equatable, Sendable {
    /// What lies in the slot; nil for an enumeration's number that this build does not know.
    static func read(_ slot: MessageMapSlot) -> Self?

    /// Puts this value into the slot of a new entry.
    func write(_ slot: MessageMapSlot)
}

extension MessageMapKey where Self: Comparable {
    public static func precedes(_ left: Self, _ right: Self) -> Bool { left < right }
}

extension MessageMapValue where Self: BitwiseCopyable {
    public static func read(_ slot: MessageMapSlot) -> Self? { slot.scalar(as: Self.self) }
    public func write(_ slot: MessageMapSlot) { slot.setScalar(self) }
}

extension Int32: MessageMapKey {}
extension Int64: MessageMapKey {}
extension UInt32: MessageMapKey {}
extension UInt64: MessageMapKey {}
extension Float: MessageMapValue {}
extension Double: MessageMapValue {}

extension Bool: MessageMapValue {
    public static func read(_ slot: MessageMapSlot) -> Bool? { slot.scalar(as: Int32.self) != 0 }
    public func write(_ slot: MessageMapSlot) { slot.setScalar(self ? Int32(1) : 0) }
}

extension String: MessageMapKey {
    public static func read(_ slot: MessageMapSlot) -> String? { unsafe String(decoding: slot.bytes, as: UTF8.self) }

    public func write(_ slot: MessageMapSlot) {
        var text = self
        text.withUTF8 { utf8 in unsafe slot.setBytes(UnsafeRawBufferPointer(utf8)) }
    }

    /// By their bytes, which needs no tables of characters and is the same in all languages.
    public static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}

extension Array: MessageMapValue where Element == UInt8 {
    public static func read(_ slot: MessageMapSlot) -> [UInt8]? { unsafe [UInt8](slot.bytes) }

    public func write(_ slot: MessageMapSlot) {
        unsafe withUnsafeBytes { bytes in unsafe slot.setBytes(bytes) }
    }
}

extension ObjectID: MessageMapValue {
    public static func read(_ slot: MessageMapSlot) -> ObjectID? { unsafe ObjectID(slot.bytes) }

    public func write(_ slot: MessageMapSlot) {
        unsafe withBytes { bytes in unsafe slot.setBytes(bytes) }
    }
}

extension Timestamp: MessageMapValue {
    public static func read(_ slot: MessageMapSlot) -> Timestamp? {
        Timestamp(microsecondsSinceEpoch: slot.scalar())
    }

    public func write(_ slot: MessageMapSlot) { slot.setScalar(microsecondsSinceEpoch) }
}

extension MessageEnum {
    public static func read(_ slot: MessageMapSlot) -> Self? { Self(rawValue: slot.scalar()) }
    public func write(_ slot: MessageMapSlot) { slot.setScalar(rawValue) }
}

extension VersionedMessage {
    public static func read(_ slot: MessageMapSlot) -> Self? {
        guard let message = unsafe slot.entry.message(slot.layout) else { return nil }
        return unsafe Self(content: MessageContent(.viewing(message, schema, in: slot.storage)))
    }

    public func write(_ slot: MessageMapSlot) {
        let own = content.storage
        unsafe slot.entry.setMessage(slot.layout, own.message.deepCopy(own.schema, in: slot.storage.arena))
    }
}
