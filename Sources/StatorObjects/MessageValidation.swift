internal import CProtobufC

extension MessageStorage {
    /// Throws when a field's value does not fit its declaration.
    func validate() throws(ObjectError) {
        if isValidated { return }
        unsafe try message.validate(schema, from: .memory)
        isValidated = true
    }
}

/// Where a message comes from that is validated, which decides about enumerations' numbers that this build lacks.
enum MessageOrigin {
    /// What is in memory was decoded, and such numbers found worth keeping, or set, which cannot be done with them.
    case memory
    /// What the sender understands; nil when it is of this build.
    case sender(Manifest?)

    /// A sender with a newer version of the object may know such numbers.
    fileprivate func mayKnowMore(of schema: MessageSchema) -> Bool {
        switch self {
        case .memory: return true
        case .sender(let sender):
            guard let own = schema.version, let version = sender?.versions[schema.name] else { return false }
            return version > own && version.major == own.major
        }
    }
}

extension MessageContent {
    /// Throws when a value of one of the fields, each of which is a bit, does not fit its declaration.
    func validate(fields: UInt128) throws(ObjectError) {
        let (schema, message) = unsafe (schema, storage.message)
        let (low, high) = (UInt64(truncatingIfNeeded: fields), UInt64(truncatingIfNeeded: fields >> 64))
        let checks = unsafe schema.checks
        for position in checks.indices {
            let check = unsafe checks.baseAddress.unsafelyUnwrapped + position
            let index = unsafe UInt64(check.pointee.index)
            guard (index < 64 ? low >> index : high >> (index - 64)) & 1 != 0 else { continue }
            unsafe try message.validate(check, schema, .memory, depth: 1)
        }
    }
}

extension RawMessage {
    /// Checks every value against its declaration: lengths, UTF-8, enumerations, formats, nesting.
    func validate(_ schema: MessageSchema, from origin: MessageOrigin, depth: Int = 1) throws(ObjectError) {
        guard depth <= MessageLimits.nestingDepthMax else { throw .nestedTooDeep(schema) }
        // protobuf-c takes the number 0 when its tag is written in more bytes than one, and refuses what it then encodes.
        if unsafe header.pointee.n_unknown_fields > 0, unsafe unknownFields.contains(where: { unsafe $0.tag == 0 }) {
            throw ObjectError(.malformed, object: schema.name, message: "\(schema.name) has a field of number 0.")
        }
        let checks = unsafe schema.checks
        for position in checks.indices {
            // In place: a copy of the record is more than most checks need.
            unsafe try validate(checks.baseAddress.unsafelyUnwrapped + position, schema, origin, depth: depth)
        }
    }

    /// Checks one field's value.
    @inline(__always)
    fileprivate func validate(
        _ check: UnsafePointer<FieldCheck>, _ schema: MessageSchema, _ origin: MessageOrigin, depth: Int
    ) throws(ObjectError) {
        let presence = unsafe base.loadUnaligned(fromByteOffset: Int(check.pointee.presenceOffset), as: UInt64.self)
        guard unsafe presence & check.pointee.presenceMask != 0 else { return }
        let value = unsafe base + Int(check.pointee.offset)
        if unsafe check.pointee.isRepeated {
            let count = Int(truncatingIfNeeded: presence)
            return unsafe try validateList(value, count: count, check, schema, origin, depth: depth)
        }
        switch unsafe check.pointee.rule {
        case .message, .mapEntry:
            unsafe try validateMessage(value, check, schema, origin, depth: depth)
        case .enumBits, .enumRange, .enumSet, .elementCount:
            let number = unsafe value.load(as: Int32.self)
            if unsafe check.pointee.accepts(number) { return }
            unsafe try check.pointee.explain(number, schema, origin)
        case .bytes, .uuid, .text, .name, .macAddress, .ipAddress, .unusual:
            let bytes = unsafe UnsafeRawBufferPointer(value.load(as: ProtobufCBinaryData.self))
            if unsafe check.pointee.accepts(bytes) { return }
            unsafe try check.pointee.explain(bytes, schema)
        }
    }

    private func validateList(
        _ value: UnsafeMutableRawPointer, count: Int, _ check: UnsafePointer<FieldCheck>, _ schema: MessageSchema,
        _ origin: MessageOrigin, depth: Int
    ) throws(ObjectError) {
        guard unsafe count <= check.pointee.elementCountMax else {
            throw unsafe .tooManyElements(count, check.pointee, schema)
        }
        guard let list = unsafe value.load(as: UnsafeMutableRawPointer?.self) else { return }
        for element in 0..<count {
            switch unsafe check.pointee.rule {
            case .elementCount:
                return
            case .message:
                unsafe try validateMessage(list + element * 8, check, schema, origin, depth: depth)
            case .mapEntry:
                unsafe try validateEntry(list + element * 8, check, schema, origin, depth: depth)
            case .enumBits, .enumRange, .enumSet:
                let number = unsafe list.load(fromByteOffset: element * 4, as: Int32.self)
                if unsafe check.pointee.accepts(number) { continue }
                unsafe try check.pointee.explain(number, schema, origin)
            case .bytes, .uuid, .text, .name, .macAddress, .ipAddress, .unusual:
                let bytes = unsafe UnsafeRawBufferPointer(
                    list.load(fromByteOffset: element * 16, as: ProtobufCBinaryData.self))
                if unsafe check.pointee.accepts(bytes) { continue }
                unsafe try check.pointee.explain(bytes, schema)
            }
        }
    }

    @inline(__always)
    private func validateMessage(
        _ pointer: UnsafeMutableRawPointer, _ check: UnsafePointer<FieldCheck>, _ schema: MessageSchema,
        _ origin: MessageOrigin, depth: Int
    ) throws(ObjectError) {
        guard let nested = unsafe schema.nested(Int(check.pointee.index)) else { return }
        unsafe try RawMessage(pointer.load(as: UnsafeMutableRawPointer.self)).validate(
            nested, from: origin, depth: depth + 1)
    }

    /// Names the map rather than the message that protobuf makes of its entries.
    private func validateEntry(
        _ pointer: UnsafeMutableRawPointer, _ check: UnsafePointer<FieldCheck>, _ schema: MessageSchema,
        _ origin: MessageOrigin, depth: Int
    ) throws(ObjectError) {
        do throws(ObjectError) {
            unsafe try validateMessage(pointer, check, schema, origin, depth: depth)
        } catch {
            // Of an entry's enumeration, it is the object with the map that says which values there are.
            if error.code == .unknownEnumValue, error.object == schema.nested(unsafe Int(check.pointee.index))?.name,
                origin.mayKnowMore(of: schema)
            {
                return
            }
            throw unsafe error.inMap(schema, index: Int(check.pointee.index))
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
}

extension FieldCheck {
    /// The slow path: finds the sentence for a number that is not valid; returns when it is after all.
    @inline(never)
    fileprivate func explain(
        _ number: Int32, _ schema: MessageSchema, _ origin: MessageOrigin
    ) throws(ObjectError) {
        let field = schema.fields[Int(index)]
        guard case .enumeration(let enumeration) = field.kind, enumeration.value(number) == nil,
            !origin.mayKnowMore(of: schema)
        else { return }
        throw .invalid(schema, field, .unknownEnumValue, "is \(number), which \(enumeration.name) lacks")
    }

    /// The slow path: finds the sentence for bytes that are not valid; returns when they are after all.
    @inline(never)
    fileprivate func explain(_ bytes: UnsafeRawBufferPointer, _ schema: MessageSchema) throws(ObjectError) {
        let field = schema.fields[Int(index)]
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
    /// The error of a map's entry as one of the map.
    @inline(never)
    fileprivate func inMap(_ schema: MessageSchema, index: Int) -> ObjectError {
        guard let entry = schema.nested(index), object == entry.name else { return self }
        let field = schema.fields[index].name
        var error = self
        error.object = schema.name
        error.field = field
        let part = self.field ?? "entry"
        let prefix = entry.name + "." + part
        let predicate = message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : ": " + message
        error.message = "\(schema.name).\(field) has a \(part) that" + predicate
        return error
    }

    static func nestedTooDeep(_ schema: MessageSchema) -> ObjectError {
        ObjectError(
            .tooDeep, object: schema.name,
            message: "\(schema.name) is nested deeper than \(MessageLimits.nestingDepthMax) messages.")
    }

    @inline(never)
    fileprivate static func tooManyElements(_ count: Int, _ check: FieldCheck, _ schema: MessageSchema) -> ObjectError {
        invalid(
            schema, schema.fields[Int(check.index)], .tooLong,
            "has \(count) elements; at most \(check.elementCountMax)")
    }

    /// The sentence never repeats the value, which may be a secret.
    static func invalid(
        _ schema: MessageSchema, _ field: FieldSchema, _ code: Code, _ predicate: String
    ) -> ObjectError {
        ObjectError(
            code, object: schema.name, field: field.name, message: "\(schema.name).\(field.name) \(predicate).")
    }
}
