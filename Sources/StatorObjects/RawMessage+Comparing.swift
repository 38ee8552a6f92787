internal import CProtobufC

extension RawMessage {
    /// Whether the same fields are set to the same values, bit by bit, unknown fields included.
    func isEqual(to other: RawMessage, _ schema: MessageSchema) -> Bool {
        if unsafe base == other.base { return true }
        let layouts = unsafe schema.layouts
        for index in layouts.indices {
            guard unsafe isEqual(to: other, layouts[index], schema, index) else { return false }
        }
        let (left, right) = unsafe (unknownFields, other.unknownFields)
        guard left.count == right.count else { return false }
        for index in left.indices {
            guard unsafe left[index].tag == right[index].tag, unsafe left[index].wire_type == right[index].wire_type,
                unsafe UnsafeRawBufferPointer(left[index]).hasSameBytes(as: UnsafeRawBufferPointer(right[index]))
            else { return false }
        }
        return true
    }

    /// Whether a field is the same in both.
    func isEqual(
        to other: RawMessage, _ layout: FieldLayout, _ schema: MessageSchema, _ index: Int
    ) -> Bool {
        if layout.isRepeated { return unsafe hasSameList(as: other, layout, schema, index) }
        guard unsafe isSet(layout) == other.isSet(layout) else { return false }
        guard unsafe isSet(layout) else { return true }
        switch layout.storage {
        case .fourBytes:
            return unsafe scalar(layout, as: UInt32.self) == other.scalar(layout, as: UInt32.self)
        case .eightBytes:
            return unsafe scalar(layout, as: UInt64.self) == other.scalar(layout, as: UInt64.self)
        case .binary:
            return unsafe bytes(layout).hasSameBytes(as: other.bytes(layout))
        case .message:
            guard let nested = schema.nested(index), let left = unsafe message(layout),
                let right = unsafe other.message(layout)
            else { return true }
            return unsafe left.isEqual(to: right, nested)
        }
    }

    private func hasSameList(
        as other: RawMessage, _ layout: FieldLayout, _ schema: MessageSchema, _ index: Int
    ) -> Bool {
        let count = unsafe count(layout)
        guard unsafe count == other.count(layout) else { return false }
        switch layout.storage {
        case .fourBytes, .eightBytes:
            let size = count * layout.storage.size
            let left = unsafe UnsafeRawBufferPointer(start: list(layout), count: size)
            return unsafe left.hasSameBytes(as: UnsafeRawBufferPointer(start: other.list(layout), count: size))
        case .binary:
            let left = unsafe elements(layout, as: ProtobufCBinaryData.self)
            let right = unsafe other.elements(layout, as: ProtobufCBinaryData.self)
            return left.indices.allSatisfy { position in
                unsafe UnsafeRawBufferPointer(left[position]).hasSameBytes(as: UnsafeRawBufferPointer(right[position]))
            }
        case .message:
            guard let nested = schema.nested(index) else { return true }
            let (left, right) = unsafe (messages(layout), other.messages(layout))
            return left.indices.allSatisfy { position in
                unsafe RawMessage(left[position]).isEqual(to: RawMessage(right[position]), nested)
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    func hasSameBytes(as other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        var offset = 0
        while offset + 8 <= count {
            let left = unsafe loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            guard unsafe left == other.loadUnaligned(fromByteOffset: offset, as: UInt64.self) else { return false }
            offset += 8
        }
        while offset < count {
            guard unsafe self[offset] == other[offset] else { return false }
            offset += 1
        }
        return true
    }
}
