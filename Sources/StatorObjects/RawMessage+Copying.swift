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
        for (index, layout) in schema.layouts.enumerated() {
            if layout.isRepeated {
                unsafe copy.copyList(schema.fields[index].kind, layout, in: arena)
            } else if layout.storage == .binary {
                let data = unsafe arena.binaryData(bytes(layout))
                unsafe copy.base.storeBytes(of: data, toByteOffset: layout.offset, as: ProtobufCBinaryData.self)
            } else if case .message(let nested) = schema.fields[index].kind, let child = unsafe message(layout) {
                unsafe copy.setMessage(layout, child.deepCopy(nested(), in: arena))
            }
        }
        unsafe copy.copyUnknownFields(in: arena)
        return unsafe copy
    }

    /// Replaces a list by a copy of it with copies of its elements.
    private func copyList(_ kind: FieldKind, _ layout: FieldLayout, in arena: Arena) {
        let count = unsafe count(layout)
        guard let copy = unsafe arena.copy(list(layout), count: count * layout.storage.size) else {
            unsafe setList(layout, nil, count: 0)
            return
        }
        unsafe setList(layout, copy, count: count)
        if layout.storage == .binary {
            let elements = unsafe elements(layout, as: ProtobufCBinaryData.self)
            for index in elements.indices {
                unsafe elements[index] = unsafe arena.binaryData(UnsafeRawBufferPointer(elements[index]))
            }
        } else if case .message(let nested) = kind {
            let schema = nested()
            let elements = unsafe messages(layout)
            for index in elements.indices {
                unsafe elements[index] = unsafe RawMessage(elements[index]).deepCopy(schema, in: arena).base
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

extension Arena {
    /// A copy of the bytes in protobuf-c's form.
    func binaryData(_ bytes: UnsafeRawBufferPointer) -> ProtobufCBinaryData {
        let copy = unsafe copy(bytes.baseAddress, count: bytes.count)
        return unsafe ProtobufCBinaryData(len: bytes.count, data: copy?.assumingMemoryBound(to: UInt8.self))
    }
}
