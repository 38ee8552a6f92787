internal import CProtobufC

extension MessageContent {
    /// The message's JSON; see `VersionedMessage.json(revealingSensitiveValues:)`.
    func json(revealingSensitiveValues: Bool) -> String {
        var writer = JSONWriter(revealsSensitiveValues: revealingSensitiveValues)
        unsafe writer.write(storage.message, schema)
        return writer.text
    }
}

/// Writes a message as JSON.
struct JSONWriter {
    private(set) var text = ""
    private let revealsSensitiveValues: Bool

    init(revealsSensitiveValues: Bool = false) {
        self.revealsSensitiveValues = revealsSensitiveValues
    }

    /// A field's value; masked when it is sensitive.
    static func text(_ message: RawMessage, _ schema: MessageSchema, _ index: Int) -> String {
        var writer = JSONWriter()
        unsafe writer.writeValue(message, schema, index)
        return writer.text
    }

    mutating func write(_ message: RawMessage, _ schema: MessageSchema) {
        text += "{"
        var isFirst = true
        for (index, field) in schema.fields.enumerated() where unsafe message.isSet(schema.layout(index)) {
            if !isFirst { text += "," }
            isFirst = false
            write(field.name)
            text += ":"
            unsafe writeValue(message, schema, index)
        }
        text += "}"
    }

    private mutating func writeValue(_ message: RawMessage, _ schema: MessageSchema, _ index: Int) {
        let (field, layout) = (schema.fields[index], schema.layout(index))
        if field.isSensitive && !revealsSensitiveValues {
            write(ObjectError.maskedText)
        } else if field.isMap {
            unsafe writeMap(message, layout, schema.nested(index))
        } else if layout.isRepeated {
            text += "["
            unsafe writeValues(message, layout, field)
            text += "]"
        } else {
            unsafe writeValues(message, layout, field)
        }
    }

    /// Entries as an object's members, whose names are text also where the keys are numbers.
    private mutating func writeMap(_ message: RawMessage, _ layout: FieldLayout, _ entrySchema: MessageSchema?) {
        guard let entrySchema else { return }
        let key = entrySchema.fields[MapEntry.keyIndex]
        let entries = unsafe message.messages(layout)
        text += "{"
        for position in entries.indices {
            if position > 0 { text += "," }
            let entry = unsafe RawMessage(entries[position])
            switch key.kind {
            case .int32, .uint32, .bool:
                text += "\""
                unsafe writeValues(entry, entrySchema.layout(MapEntry.keyIndex), key)
                text += "\""
            default:
                unsafe writeValues(entry, entrySchema.layout(MapEntry.keyIndex), key)
            }
            text += ":"
            unsafe writeValues(
                entry, entrySchema.layout(MapEntry.valueIndex), entrySchema.fields[MapEntry.valueIndex])
        }
        text += "}"
    }

    private mutating func writeValues(_ message: RawMessage, _ layout: FieldLayout, _ field: FieldSchema) {
        switch field.kind {
        case .int32:
            unsafe each(message, layout, Int32.self) { writer, value in writer.text += String(value) }
        case .uint32:
            unsafe each(message, layout, UInt32.self) { writer, value in writer.text += String(value) }
        case .uint64:
            unsafe each(message, layout, UInt64.self) { writer, value in writer.write(String(value)) }
        case .int64:
            unsafe each(message, layout, Int64.self) { writer, value in
                if field.format == .timestamp {
                    writer.write(Timestamp(microsecondsSinceEpoch: value).description)
                } else {
                    writer.write(String(value))
                }
            }
        case .bool:
            unsafe each(message, layout, Int32.self) { writer, value in writer.text += value != 0 ? "true" : "false" }
        case .float:
            unsafe each(message, layout, Float.self) { writer, value in writer.write(number: value) }
        case .double:
            unsafe each(message, layout, Double.self) { writer, value in writer.write(number: value) }
        case .string:
            unsafe each(message, layout, ProtobufCBinaryData.self) { writer, value in
                writer.write(unsafe String(decoding: UnsafeRawBufferPointer(value), as: UTF8.self))
            }
        case .bytes:
            unsafe each(message, layout, ProtobufCBinaryData.self) { writer, value in
                let bytes = unsafe UnsafeRawBufferPointer(value)
                if field.format == .uuid, let uuid = unsafe ObjectID(bytes) {
                    writer.write(uuid.description)
                } else {
                    writer.write(unsafe base64(bytes))
                }
            }
        case .enumeration(let enumeration):
            unsafe each(message, layout, Int32.self) { writer, value in
                if let name = enumeration.text(of: value) {
                    writer.write(name)
                } else {
                    writer.text += String(value)
                }
            }
        case .message(let nested):
            let schema = nested()
            unsafe each(message, layout, UnsafeMutableRawPointer.self) { writer, value in
                unsafe writer.write(RawMessage(value), schema)
            }
        }
    }

    private mutating func each<Value: BitwiseCopyable>(
        _ message: RawMessage, _ layout: FieldLayout, _ type: Value.Type,
        _ body: (inout JSONWriter, Value) -> Void
    ) {
        let values = unsafe message.values(layout, as: type)
        for index in values.indices {
            if index > 0 { text += "," }
            unsafe body(&self, values[index])
        }
    }

    private mutating func write(number: some BinaryFloatingPoint & CustomStringConvertible) {
        // JSON has no such numbers; the names are protobuf's.
        if number.isFinite {
            text += number.description
        } else {
            write(number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity")
        }
    }

    private mutating func write(_ string: String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            default:
                if isObeyedByTerminals(scalar) {
                    let digits = String(scalar.value, radix: 16)
                    text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
                } else {
                    text.unicodeScalars.append(scalar)
                }
            }
        }
        text += "\""
    }
}

/// Control characters, line and paragraph separators, and what turns the direction of text; all have four digits.
private func isObeyedByTerminals(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case ..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
}
