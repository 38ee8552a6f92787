internal import CProtobufC

extension MessageContent {
    /// Throws when a field's value does not fit its declaration.
    func validate() throws(ObjectError) {
        if storage.isValidated { return }
        unsafe try storage.message.validate(schema)
    }
}

extension RawMessage {
    /// Checks every value against its declaration: lengths, UTF-8, enumerations, formats, nesting.
    func validate(_ schema: MessageSchema, depth: Int = 1) throws(ObjectError) {
        guard depth <= MessageLimits.nestingDepthMax else { throw .nestedTooDeep(schema) }
        for index in schema.restrictedFields where unsafe isSet(schema.layouts[index]) {
            let (field, layout) = (schema.fields[index], schema.layouts[index])
            if layout.isRepeated {
                guard unsafe count(layout) <= field.elementCountMax else {
                    let count = unsafe count(layout)
                    throw .invalid(schema, field, .tooLong, "has \(count) elements; at most \(field.elementCountMax)")
                }
            }
            switch field.kind {
            case .string, .bytes:
                let values = unsafe values(layout, as: ProtobufCBinaryData.self)
                for position in values.indices {
                    try unsafe Self.validate(UnsafeRawBufferPointer(values[position]), of: field, schema)
                }
            case .enumeration(let enumeration):
                let numbers = unsafe [Int32](values(layout, as: Int32.self))
                for number in numbers where enumeration.value(number) == nil {
                    throw .invalid(schema, field, .unknownEnumValue, "is \(number), which \(enumeration.name) lacks")
                }
            case .message(let nested):
                let children = unsafe values(layout, as: UnsafeMutableRawPointer.self)
                for position in children.indices {
                    try unsafe RawMessage(children[position]).validate(nested(), depth: depth + 1)
                }
            case .int32, .int64, .uint32, .uint64, .bool, .float, .double:
                break
            }
        }
    }

    /// The one value or the elements of a field that is set.
    func values<Value: BitwiseCopyable>(
        _ layout: FieldLayout, as type: Value.Type
    ) -> UnsafeMutableBufferPointer<Value> {
        if layout.isRepeated { return unsafe elements(layout, as: type) }
        let start = unsafe (base + layout.offset).assumingMemoryBound(to: type)
        return unsafe UnsafeMutableBufferPointer(start: start, count: 1)
    }

    private static func validate(
        _ bytes: UnsafeRawBufferPointer, of field: FieldSchema, _ schema: MessageSchema
    ) throws(ObjectError) {
        guard bytes.count <= field.byteCountMax else {
            let count = bytes.count
            throw .invalid(schema, field, .tooLong, "has \(count) bytes; at most \(field.byteCountMax)")
        }
        if case .string = field.kind, unsafe !isUTF8(bytes) {
            throw .invalid(schema, field, .invalidValue, "is not UTF-8")
        }
        switch field.format {
        case .plain, .timestamp:
            break
        case .uuid:
            guard bytes.count == 16 else {
                let count = bytes.count
                throw .invalid(schema, field, .invalidValue, "is a UUID of \(count) bytes instead of 16")
            }
        case .name:
            guard unsafe isName(bytes) else {
                throw .invalid(
                    schema, field, .invalidValue, "is not a name of 1 to 255 characters without control characters")
            }
        case .macAddress:
            guard unsafe isMACAddress(bytes) else {
                throw .invalid(schema, field, .invalidValue, "is not a MAC address such as 52:54:00:12:34:56")
            }
        case .ipAddress:
            guard unsafe isIPAddress(bytes) else {
                throw .invalid(schema, field, .invalidValue, "is not an IPv4 or IPv6 address")
            }
        }
    }
}

extension ObjectError {
    static func nestedTooDeep(_ schema: MessageSchema) -> ObjectError {
        ObjectError(
            .tooDeep, object: schema.name,
            message: "\(schema.name) is nested deeper than \(MessageLimits.nestingDepthMax) messages.")
    }

    /// The sentence never repeats the value, which may be a secret.
    static func invalid(
        _ schema: MessageSchema, _ field: FieldSchema, _ code: Code, _ predicate: String
    ) -> ObjectError {
        ObjectError(
            code, object: schema.name, field: field.name, message: "\(schema.name).\(field.name) \(predicate).")
    }
}
