internal import CProtobufC

/// A protobuf-c struct somewhere in an arena; whoever holds one keeps the arena alive.
@unsafe struct RawMessage: BitwiseCopyable {
    let base: UnsafeMutableRawPointer

    init(_ base: UnsafeMutableRawPointer) {
        unsafe self.base = unsafe base
    }

    var header: UnsafeMutablePointer<ProtobufCMessage> {
        unsafe base.assumingMemoryBound(to: ProtobufCMessage.self)
    }

    func isSet(_ layout: FieldLayout) -> Bool {
        if layout.isRepeated { return unsafe count(layout) > 0 }
        if layout.storage == .message { return unsafe message(layout) != nil }
        return unsafe base.load(fromByteOffset: layout.quantifierOffset, as: protobuf_c_boolean.self) != 0
    }

    /// Takes the value away; its memory stays with the arena.
    func unset(_ layout: FieldLayout) {
        if layout.isRepeated {
            unsafe setList(layout, nil, count: 0)
            return
        }
        if layout.storage != .message {
            unsafe base.storeBytes(of: 0, toByteOffset: layout.quantifierOffset, as: protobuf_c_boolean.self)
        }
        unsafe (base + layout.offset).initializeMemory(as: UInt8.self, repeating: 0, count: layout.storage.size)
    }

    // MARK: Single values

    func scalar<Value: BitwiseCopyable>(_ layout: FieldLayout, as type: Value.Type) -> Value {
        unsafe base.load(fromByteOffset: layout.offset, as: type)
    }

    func setScalar<Value: BitwiseCopyable>(_ layout: FieldLayout, _ value: Value) {
        unsafe base.storeBytes(of: value, toByteOffset: layout.offset, as: Value.self)
        unsafe base.storeBytes(of: 1, toByteOffset: layout.quantifierOffset, as: protobuf_c_boolean.self)
    }

    func bytes(_ layout: FieldLayout) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(base.load(fromByteOffset: layout.offset, as: ProtobufCBinaryData.self))
    }

    func message(_ layout: FieldLayout) -> RawMessage? {
        guard let child = unsafe base.load(fromByteOffset: layout.offset, as: UnsafeMutableRawPointer?.self) else {
            return nil
        }
        return unsafe RawMessage(child)
    }

    func setMessage(_ layout: FieldLayout, _ message: RawMessage) {
        unsafe base.storeBytes(
            of: message.base, toByteOffset: layout.offset, as: UnsafeMutableRawPointer?.self)
    }

    // MARK: Lists

    func count(_ layout: FieldLayout) -> Int {
        unsafe base.load(fromByteOffset: layout.quantifierOffset, as: Int.self)
    }

    /// The elements; null when there are none.
    func list(_ layout: FieldLayout) -> UnsafeMutableRawPointer? {
        unsafe base.load(fromByteOffset: layout.offset, as: UnsafeMutableRawPointer?.self)
    }

    func setList(_ layout: FieldLayout, _ elements: UnsafeMutableRawPointer?, count: Int) {
        unsafe base.storeBytes(of: count, toByteOffset: layout.quantifierOffset, as: Int.self)
        unsafe base.storeBytes(of: elements, toByteOffset: layout.offset, as: UnsafeMutableRawPointer?.self)
    }

    /// The elements, each read as `type`.
    func elements<Element: BitwiseCopyable>(
        _ layout: FieldLayout, as type: Element.Type
    ) -> UnsafeMutableBufferPointer<Element> {
        let start = unsafe list(layout)?.assumingMemoryBound(to: type)
        return unsafe UnsafeMutableBufferPointer(start: start, count: start == nil ? 0 : count(layout))
    }

    func messages(_ layout: FieldLayout) -> UnsafeMutableBufferPointer<UnsafeMutableRawPointer> {
        let start = unsafe list(layout)?.assumingMemoryBound(to: UnsafeMutableRawPointer.self)
        return unsafe UnsafeMutableBufferPointer(start: start, count: start == nil ? 0 : count(layout))
    }

    // MARK: Fields that the declaration does not name

    var unknownFields: UnsafeMutableBufferPointer<ProtobufCMessageUnknownField> {
        unsafe UnsafeMutableBufferPointer(
            start: header.pointee.unknown_fields,
            count: header.pointee.unknown_fields == nil ? 0 : Int(header.pointee.n_unknown_fields))
    }
}

extension UnsafeRawBufferPointer {
    init(_ data: ProtobufCBinaryData) {
        unsafe self.init(start: data.data, count: data.data == nil ? 0 : data.len)
    }

    init(_ field: ProtobufCMessageUnknownField) {
        unsafe self.init(start: field.data, count: field.data == nil ? 0 : field.len)
    }
}
