internal import CProtobufC

// Single fields. Getters give nil for a field that is not set; setting nil unsets.
extension MessageContent {
    public func int32(_ index: Int) -> Int32? { scalar(index) }
    public func int64(_ index: Int) -> Int64? { scalar(index) }
    public func uint32(_ index: Int) -> UInt32? { scalar(index) }
    public func uint64(_ index: Int) -> UInt64? { scalar(index) }
    public func bool(_ index: Int) -> Bool? { scalar(index, as: Int32.self).map { $0 != 0 } }
    public func float(_ index: Int) -> Float? { scalar(index, as: UInt32.self).map(Float.init(bitPattern:)) }
    public func double(_ index: Int) -> Double? { scalar(index, as: UInt64.self).map(Double.init(bitPattern:)) }

    public func timestamp(_ index: Int) -> Timestamp? {
        scalar(index).map(Timestamp.init(microsecondsSinceEpoch:))
    }

    public func enumeration<Value: MessageEnum>(_ index: Int, as type: Value.Type = Value.self) -> Value? {
        scalar(index).flatMap(Value.init(rawValue:))
    }

    public func string(_ index: Int) -> String? {
        guard isSet(index) else { return nil }
        return unsafe String(decoding: storage.message.bytes(layout(index)), as: UTF8.self)
    }

    public func bytes(_ index: Int) -> [UInt8]? {
        guard isSet(index) else { return nil }
        return unsafe [UInt8](storage.message.bytes(layout(index)))
    }

    public func objectID(_ index: Int) -> ObjectID? {
        guard isSet(index) else { return nil }
        return unsafe ObjectID(storage.message.bytes(layout(index)))
    }

    public func message<Message: VersionedMessage>(_ index: Int, as type: Message.Type = Message.self) -> Message? {
        guard let message = unsafe storage.message.message(layout(index)) else { return nil }
        let view = unsafe MessageStorage.viewing(message, Message.schema, in: storage)
        return Message(content: MessageContent(view))
    }

    public mutating func set(_ index: Int, _ value: Int32?) { setScalar(index, value) }
    public mutating func set(_ index: Int, _ value: Int64?) { setScalar(index, value) }
    public mutating func set(_ index: Int, _ value: UInt32?) { setScalar(index, value) }
    public mutating func set(_ index: Int, _ value: UInt64?) { setScalar(index, value) }
    public mutating func set(_ index: Int, _ value: Bool?) { setScalar(index, value.map { $0 ? Int32(1) : 0 }) }
    public mutating func set(_ index: Int, _ value: Float?) { setScalar(index, value?.bitPattern) }
    public mutating func set(_ index: Int, _ value: Double?) { setScalar(index, value?.bitPattern) }
    public mutating func set(_ index: Int, _ value: Timestamp?) { setScalar(index, value?.microsecondsSinceEpoch) }
    public mutating func set(_ index: Int, _ value: (some MessageEnum)?) { setScalar(index, value?.rawValue) }

    public mutating func set(_ index: Int, _ value: String?) {
        guard var value else { return unset(index) }
        value.withUTF8 { utf8 in unsafe setBytes(index, UnsafeRawBufferPointer(utf8)) }
    }

    public mutating func set(_ index: Int, _ value: [UInt8]?) {
        guard let value else { return unset(index) }
        unsafe value.withUnsafeBytes { bytes in unsafe setBytes(index, bytes) }
    }

    public mutating func set(_ index: Int, _ value: ObjectID?) {
        guard let value else { return unset(index) }
        unsafe value.withBytes { bytes in unsafe setBytes(index, bytes) }
    }

    public mutating func set<Message: VersionedMessage>(_ index: Int, _ value: Message?) {
        guard let value = value?.content.storage else { return unset(index) }
        let layout = layout(index)
        if let old = unsafe storage.message.message(layout), unsafe old.isEqual(to: value.message, value.schema) {
            return
        }
        let changed = change(index)
        unsafe changed.message.setMessage(layout, value.message.deepCopy(value.schema, in: changed.arena))
    }

    // MARK: What they have in common

    private func scalar<Value: BitwiseCopyable>(_ index: Int, as type: Value.Type = Value.self) -> Value? {
        let (layout, message) = unsafe (layout(index), storage.message)
        return unsafe message.isSet(layout) ? message.scalar(layout, as: type) : nil
    }

    private mutating func setScalar<Value: BitwiseCopyable & Equatable>(_ index: Int, _ value: Value?) {
        guard let value else { return unset(index) }
        guard scalar(index) != value else { return }
        unsafe change(index).message.setScalar(layout(index), value)
    }

    private mutating func setBytes(_ index: Int, _ value: UnsafeRawBufferPointer) {
        let layout = layout(index)
        let message = unsafe storage.message
        if unsafe message.isSet(layout) && message.bytes(layout).hasSameBytes(as: value) { return }
        let changed = change(index)
        unsafe changed.message.setScalar(layout, changed.arena.binaryData(value))
    }
}
