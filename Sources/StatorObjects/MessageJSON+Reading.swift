internal import CProtobufC

extension MessageContent {
    /// Reads a message's JSON; see `VersionedMessage.init(json:)`.
    init(json text: String, schema: MessageSchema) throws(ObjectError) {
        let value: JSONValue
        do throws(JSONValue.ParseError) {
            value = try JSONValue(text)
        } catch {
            throw ObjectError(
                .invalidJSON, object: schema.name,
                message: "The JSON for \(schema.name) \(error.reason), at byte \(error.offset).")
        }
        let storage = MessageStorage.empty(schema)
        let reader = unsafe JSONReader(arena: storage.arena)
        unsafe try reader.read(value, into: storage.message, schema, depth: 1)
        unsafe storage.message.arrangeMaps(schema, in: storage.arena)
        unsafe try storage.message.validate(schema, from: .sender(nil))
        unsafe storage.settle(storage.message)
        self.init(storage)
    }
}

/// Fills messages that nobody else sees.
@unsafe private struct JSONReader {
    let arena: Arena

    func read(_ value: JSONValue, into message: RawMessage, _ schema: MessageSchema, depth: Int) throws(ObjectError) {
        guard depth <= MessageLimits.nestingDepthMax else { throw .nestedTooDeep(schema) }
        guard case .object(let members) = value else {
            throw ObjectError(
                .invalidJSON, object: schema.name, message: "The JSON for \(schema.name) is \(value.kind), no object.")
        }
        for (name, value) in members {
            guard let index = schema.index(of: name) else {
                throw ObjectError(
                    .invalidJSON, object: schema.name, field: name,
                    message: "The JSON for \(schema.name) has a member \"\(name)\", which the object lacks.")
            }
            // As protobuf has it: null is no value.
            if case .null = value { continue }
            let place = JSONPlace(schema: schema, index: index, depth: depth)
            if place.field.isSensitive, case .string(ObjectError.maskedText) = value {
                throw place.invalid("is masked, so there is no value to read")
            }
            unsafe try read(value, into: message, place)
        }
    }

    private func read(_ value: JSONValue, into message: RawMessage, _ place: JSONPlace) throws(ObjectError) {
        let (field, layout) = (place.field, place.layout)
        if field.isMap {
            return unsafe try readMap(value, into: message, place)
        }
        let size = layout.storage.size
        guard field.isRepeated else {
            unsafe try read(value, to: message.base + layout.offset, place)
            if layout.storage != .message {
                unsafe message.base.storeBytes(
                    of: 1, toByteOffset: layout.quantifierOffset, as: protobuf_c_boolean.self)
            }
            return
        }
        guard case .array(let elements) = value else { throw place.unexpected(value, "an array") }
        guard !elements.isEmpty else { return }
        guard elements.count <= field.elementCountMax else {
            throw place.invalid("has \(elements.count) elements; at most \(field.elementCountMax)", .tooLong)
        }
        let list = unsafe arena.allocate(elements.count * size)
        for (position, element) in elements.enumerated() {
            unsafe try read(element, to: list + position * size, place)
        }
        unsafe message.setList(layout, list, count: elements.count)
    }

    private func readMap(_ value: JSONValue, into message: RawMessage, _ place: JSONPlace) throws(ObjectError) {
        guard case .object(let members) = value else { throw place.unexpected(value, "an object") }
        guard let entrySchema = place.schema.nested(place.index), !members.isEmpty else { return }
        guard members.count <= place.field.elementCountMax else {
            throw place.invalid("has \(members.count) elements; at most \(place.field.elementCountMax)", .tooLong)
        }
        let size = place.layout.storage.size
        let list = unsafe arena.allocate(members.count * size)
        for (position, (name, value)) in members.enumerated() {
            let entry = unsafe RawMessage.empty(entrySchema, in: arena)
            let key = JSONPlace(schema: entrySchema, index: MapEntry.keyIndex, depth: place.depth)
            if case .string = key.field.kind {
                unsafe try read(.string(name), into: entry, key)
            } else {
                unsafe try read(.number(name), into: entry, key)
            }
            unsafe try read(
                value, into: entry, JSONPlace(schema: entrySchema, index: MapEntry.valueIndex, depth: place.depth))
            unsafe list.storeBytes(of: entry.base, toByteOffset: position * size, as: UnsafeMutableRawPointer.self)
        }
        unsafe message.setList(place.layout, list, count: members.count)
    }

    /// Stores one value, or one element of a list.
    private func read(_ value: JSONValue, to target: UnsafeMutableRawPointer, _ place: JSONPlace) throws(ObjectError) {
        switch place.field.kind {
        case .int32: unsafe target.storeBytes(of: try place.integer(value) as Int32, as: Int32.self)
        case .uint32: unsafe target.storeBytes(of: try place.integer(value) as UInt32, as: UInt32.self)
        case .uint64: unsafe target.storeBytes(of: try place.integer(value) as UInt64, as: UInt64.self)
        case .int64:
            let number = place.field.format == .timestamp ? try place.time(value) : try place.integer(value)
            unsafe target.storeBytes(of: number, as: Int64.self)
        case .bool:
            guard case .bool(let flag) = value else { throw place.unexpected(value, "true or false") }
            unsafe target.storeBytes(of: flag ? 1 : 0, as: Int32.self)
        case .float:
            let number = try place.double(value)
            guard Float(number).isFinite || !number.isFinite else {
                throw place.invalid("is too large a number in JSON")
            }
            unsafe target.storeBytes(of: Float(number), as: Float.self)
        case .double: unsafe target.storeBytes(of: try place.double(value), as: Double.self)
        case .string:
            guard case .string(var text) = value else { throw place.unexpected(value, "a string") }
            let data = text.withUTF8 { unsafe arena.binaryData(UnsafeRawBufferPointer($0)) }
            unsafe target.storeBytes(of: data, as: ProtobufCBinaryData.self)
        case .bytes:
            let bytes = try place.bytes(value)
            let data = unsafe bytes.withUnsafeBytes { unsafe arena.binaryData($0) }
            unsafe target.storeBytes(of: data, as: ProtobufCBinaryData.self)
        case .enumeration(let enumeration):
            unsafe target.storeBytes(of: try place.number(value, enumeration), as: Int32.self)
        case .message(let nested):
            let schema = nested()
            let child = unsafe RawMessage.empty(schema, in: arena)
            unsafe try read(value, into: child, schema, depth: place.depth + 1)
            unsafe target.storeBytes(of: child.base, as: UnsafeMutableRawPointer?.self)
        }
    }
}

/// A field that is read.
private struct JSONPlace {
    let schema: MessageSchema
    let index: Int
    let depth: Int

    var field: FieldSchema { schema.fields[index] }
    var layout: FieldLayout { schema.layout(index) }

    /// The sentence repeats no value, which may be a secret.
    func invalid(_ predicate: String, _ code: ObjectError.Code = .invalidJSON) -> ObjectError {
        .invalid(schema, field, code, predicate)
    }

    func unexpected(_ value: JSONValue, _ expected: String) -> ObjectError {
        invalid("is \(value.kind) in JSON instead of \(expected)")
    }
}

/// Values of JSON as those of the place's field.
extension JSONPlace {
    /// A number, or its digits in a string.
    fileprivate func integer<Number: FixedWidthInteger>(_ value: JSONValue) throws(ObjectError) -> Number {
        let text: String
        switch value {
        case .number(let digits), .string(let digits): text = digits
        default: throw unexpected(value, "a whole number")
        }
        // What `Number(_:)` takes besides, a sign in front, JSON does not have.
        guard let number = Number(text), !text.utf8.starts(with: [UInt8(ascii: "+")]) else {
            throw invalid("is no whole number from \(Number.min) to \(Number.max) in JSON")
        }
        return number
    }

    fileprivate func double(_ value: JSONValue) throws(ObjectError) -> Double {
        switch value {
        case .number(let text):
            guard let number = Double(text), number.isFinite else { throw invalid("is too large a number in JSON") }
            return number
        case .string("NaN"): return .nan
        case .string("Infinity"): return .infinity
        case .string("-Infinity"): return -.infinity
        default: throw unexpected(value, "a number")
        }
    }

    fileprivate func time(_ value: JSONValue) throws(ObjectError) -> Int64 {
        guard case .string(let text) = value else { throw unexpected(value, "a time") }
        guard let time = Timestamp(text) else {
            throw invalid("is no time such as 2026-01-31T08:15:00.000001Z in JSON", .invalidValue)
        }
        return time.microsecondsSinceEpoch
    }

    fileprivate func bytes(_ value: JSONValue) throws(ObjectError) -> [UInt8] {
        guard case .string(let text) = value else { throw unexpected(value, "a string") }
        if field.format == .uuid {
            guard let uuid = ObjectID(text) else { throw invalid("is no UUID in JSON", .invalidValue) }
            return uuid.bytes
        }
        guard let bytes = StatorObjects.bytes(base64: text) else { throw invalid("is not in base64 in JSON") }
        return bytes
    }

    /// A value's name, or its number.
    fileprivate func number(_ value: JSONValue, _ enumeration: EnumSchema) throws(ObjectError) -> Int32 {
        switch value {
        case .string(let text):
            guard let known = enumeration.values.first(where: { $0.text == text }) else {
                throw invalid("names no value of \(enumeration.name) in JSON", .unknownEnumValue)
            }
            return known.number
        case .number: return try integer(value)
        default: throw unexpected(value, "a value's name")
        }
    }
}

extension JSONValue {
    /// What the value is, for a sentence.
    fileprivate var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
