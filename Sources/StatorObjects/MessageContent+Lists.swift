internal import CProtobufC

// Repeated fields. An empty list and a list that is not set are the same.
extension MessageContent {
    public func int32s(_ index: Int) -> [Int32] { list(index) }
    public func int64s(_ index: Int) -> [Int64] { list(index) }
    public func uint32s(_ index: Int) -> [UInt32] { list(index) }
    public func uint64s(_ index: Int) -> [UInt64] { list(index) }
    public func bools(_ index: Int) -> [Bool] { list(index, as: Int32.self).map { $0 != 0 } }
    public func floats(_ index: Int) -> [Float] { list(index) }
    public func doubles(_ index: Int) -> [Double] { list(index) }

    public func timestamps(_ index: Int) -> [Timestamp] {
        list(index).map(Timestamp.init(microsecondsSinceEpoch:))
    }

    public func enumerations<Value: MessageEnum>(_ index: Int, as type: Value.Type = Value.self) -> [Value] {
        list(index).compactMap(Value.init(rawValue:))
    }

    public func strings(_ index: Int) -> [String] {
        unsafe storage.message.elements(layout(index), as: ProtobufCBinaryData.self).map {
            unsafe String(decoding: UnsafeRawBufferPointer($0), as: UTF8.self)
        }
    }

    public func byteArrays(_ index: Int) -> [[UInt8]] {
        unsafe storage.message.elements(layout(index), as: ProtobufCBinaryData.self).map {
            unsafe [UInt8](UnsafeRawBufferPointer($0))
        }
    }

    public func objectIDs(_ index: Int) -> [ObjectID] {
        unsafe storage.message.elements(layout(index), as: ProtobufCBinaryData.self).compactMap {
            unsafe ObjectID(UnsafeRawBufferPointer($0))
        }
    }

    public func messages<Message: VersionedMessage>(_ index: Int, as type: Message.Type = Message.self) -> [Message] {
        unsafe storage.message.messages(layout(index)).map { element in
            let view = unsafe MessageStorage.viewing(RawMessage(element), Message.schema, in: storage)
            return Message(content: MessageContent(view))
        }
    }

    public mutating func set(_ index: Int, _ values: [Int32]) { setList(index, values) }
    public mutating func set(_ index: Int, _ values: [Int64]) { setList(index, values) }
    public mutating func set(_ index: Int, _ values: [UInt32]) { setList(index, values) }
    public mutating func set(_ index: Int, _ values: [UInt64]) { setList(index, values) }
    public mutating func set(_ index: Int, _ values: [Bool]) { setList(index, values.map { $0 ? Int32(1) : 0 }) }
    public mutating func set(_ index: Int, _ values: [Float]) { setList(index, values.map(\.bitPattern)) }
    public mutating func set(_ index: Int, _ values: [Double]) { setList(index, values.map(\.bitPattern)) }

    public mutating func set(_ index: Int, _ values: [Timestamp]) {
        setList(index, values.map(\.microsecondsSinceEpoch))
    }

    public mutating func set(_ index: Int, _ values: [some MessageEnum]) {
        setList(index, values.map(\.rawValue))
    }

    public mutating func set(_ index: Int, _ values: [String]) {
        set(index, values.map { [UInt8]($0.utf8) })
    }

    public mutating func set(_ index: Int, _ values: [ObjectID]) {
        set(index, values.map(\.bytes))
    }

    public mutating func set(_ index: Int, _ values: [[UInt8]]) {
        let layout = layout(index)
        let old = unsafe storage.message.elements(layout, as: ProtobufCBinaryData.self)
        let isSame =
            unsafe old.count == values.count
            && zip(old, values).allSatisfy { element, value in
                unsafe UnsafeRawBufferPointer(element).elementsEqual(value)
            }
        if isSame { return }
        if values.isEmpty { return unset(index) }
        let changed = change(index)
        let size = layout.storage.size
        let elements = unsafe changed.arena.allocate(values.count * size)
        for (position, value) in values.enumerated() {
            let data = unsafe value.withUnsafeBytes { bytes in unsafe changed.arena.binaryData(bytes) }
            unsafe elements.storeBytes(of: data, toByteOffset: position * size, as: ProtobufCBinaryData.self)
        }
        unsafe changed.message.setList(layout, elements, count: values.count)
    }

    public mutating func set<Message: VersionedMessage>(_ index: Int, _ values: [Message]) {
        let layout = layout(index)
        let schema = Message.schema
        let old = unsafe storage.message.messages(layout)
        let isSame =
            unsafe old.count == values.count
            && zip(old, values).allSatisfy { element, value in
                unsafe RawMessage(element).isEqual(to: value.content.storage.message, schema)
            }
        if isSame { return }
        if values.isEmpty { return unset(index) }
        let changed = change(index)
        let size = layout.storage.size
        let elements = unsafe changed.arena.allocate(values.count * size)
        for (position, value) in values.enumerated() {
            let copy = unsafe value.content.storage.message.deepCopy(schema, in: changed.arena)
            unsafe elements.storeBytes(
                of: copy.base, toByteOffset: position * size, as: UnsafeMutableRawPointer.self)
        }
        unsafe changed.message.setList(layout, elements, count: values.count)
    }

    // MARK: Scalars

    private func list<Value: BitwiseCopyable>(_ index: Int, as type: Value.Type = Value.self) -> [Value] {
        unsafe [Value](storage.message.elements(layout(index), as: type))
    }

    private mutating func setList<Value: BitwiseCopyable & Equatable>(_ index: Int, _ values: [Value]) {
        guard list(index) != values else { return }
        if values.isEmpty { return unset(index) }
        let changed = change(index)
        let elements = unsafe values.withUnsafeBytes { bytes in
            unsafe changed.arena.copy(bytes.baseAddress, count: bytes.count)
        }
        unsafe changed.message.setList(layout(index), elements, count: values.count)
    }
}
