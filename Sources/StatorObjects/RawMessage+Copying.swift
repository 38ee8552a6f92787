internal import CProtobufC

extension RawMessage {
    /// A new message in which nothing is set.
    static func empty(_ schema: MessageSchema, in arena: Arena) -> RawMessage {
        let base = unsafe arena.allocate(schema.structSize)
        unsafe protobuf_c_message_init(schema.typedDescriptor, base)
        return unsafe RawMessage(base)
    }

    /// A copy of the struct alone, which points to what this one points to.
    func shallowCopy(_ schema: MessageSchema, in arena: Arena) -> RawMessage {
        let copy = unsafe arena.allocate(schema.structSize)
        unsafe copy.copyMemory(from: base, byteCount: schema.structSize)
        return unsafe RawMessage(copy)
    }

    /// A copy that shares nothing with this message, fields unknown to this build included.
    func deepCopy(_ schema: MessageSchema, in arena: Arena) -> RawMessage {
        let copy = unsafe shallowCopy(schema, in: arena)
        let layouts = unsafe schema.layouts
        for index in layouts.indices {
            unsafe copy.copyValue(layouts[index], schema, index, in: arena)
        }
        unsafe copy.copyUnknownFields(in: arena)
        return unsafe copy
    }

    /// Makes a field a copy of what it is in another message of the same declaration, also where it is not set there.
    func takeValue(
        _ layout: FieldLayout, _ schema: MessageSchema, _ index: Int, of other: RawMessage, in arena: Arena
    ) {
        // Refers to the other message's memory until it is copied.
        unsafe (base + layout.offset).copyMemory(
            from: other.base + layout.offset, byteCount: layout.isRepeated ? 8 : layout.storage.size)
        if layout.isRepeated {
            unsafe base.storeBytes(of: other.count(layout), toByteOffset: layout.quantifierOffset, as: Int.self)
        } else if layout.storage != .message {
            let isSet: protobuf_c_boolean = unsafe other.isSet(layout) ? 1 : 0
            unsafe base.storeBytes(of: isSet, toByteOffset: layout.quantifierOffset, as: protobuf_c_boolean.self)
        }
        unsafe copyValue(layout, schema, index, in: arena)
    }

    /// Replaces what a field refers to by a copy of it.
    func copyValue(_ layout: FieldLayout, _ schema: MessageSchema, _ index: Int, in arena: Arena) {
        if layout.isRepeated {
            unsafe copyList(layout, schema, index, in: arena)
        } else if layout.storage == .binary {
            let data = unsafe arena.binaryData(bytes(layout))
            unsafe base.storeBytes(of: data, toByteOffset: layout.offset, as: ProtobufCBinaryData.self)
        } else if layout.storage == .message, let child = unsafe message(layout), let nested = schema.nested(index) {
            unsafe setMessage(layout, child.deepCopy(nested, in: arena))
        }
    }

    /// Replaces a list by a copy of it with copies of its elements.
    private func copyList(_ layout: FieldLayout, _ schema: MessageSchema, _ index: Int, in arena: Arena) {
        let count = unsafe count(layout)
        guard let copy = unsafe arena.copy(list(layout), count: count * layout.storage.size) else {
            unsafe setList(layout, nil, count: 0)
            return
        }
        unsafe setList(layout, copy, count: count)
        if layout.storage == .binary {
            let elements = unsafe elements(layout, as: ProtobufCBinaryData.self)
            for position in elements.indices {
                unsafe elements[position] = unsafe arena.binaryData(UnsafeRawBufferPointer(elements[position]))
            }
        } else if layout.storage == .message, let nested = schema.nested(index) {
            let elements = unsafe messages(layout)
            for position in elements.indices {
                unsafe elements[position] = unsafe RawMessage(elements[position]).deepCopy(nested, in: arena).base
            }
        }
    }

    private func copyUnknownFields(in arena: Arena) {
        let original = unsafe unknownFields
        let size = unsafe original.count * MemoryLayout<ProtobufCMessageUnknownField>.stride
        guard let copy = unsafe arena.copy(original.baseAddress, count: size) else { return }
        unsafe header.pointee.unknown_fields = copy.assumingMemoryBound(to: ProtobufCMessageUnknownField.self)
        for index in unsafe unknownFields.indices {
            let data = unsafe UnsafeRawBufferPointer(unknownFields[index])
            unsafe unknownFields[index].data = arena.copy(data.baseAddress, count: data.count)?
                .assumingMemoryBound(to: UInt8.self)
        }
    }
}
