extension SwiftText {
    /// A message's type: its schema and a property per field.
    package mutating func message(_ model: MessageModel) {
        let conformance = model.hasConversions ? "ConvertedMessage" : "VersionedMessage"
        inScope(of: model.typeName) { text in
            text.documentation(model.documentation)
            text.block("public struct \(SwiftNames.escaped(model.typeName.last)): \(conformance)") { text in
                text.schema(model)
                text.blank()
                text.line("public var content: MessageContent")
                text.blank()
                text.block("public init(content: MessageContent)") { text in
                    text.line("self.content = content")
                }
                for field in model.fields {
                    text.blank()
                    text.property(field)
                }
            }
        }
    }

    private mutating func schema(_ model: MessageModel) {
        // The type is stated because a message may contain itself.
        line("public static let schema: MessageSchema = unsafe MessageSchema(")
        indented { text in
            text.line("name: \"\(model.fullName)\",")
            if let version = model.version { text.line("version: \(version.swift),") }
            text.line("descriptor: \(SwiftNames.cDescriptorFunction(model.fullName))(),")
            let end = model.hasConversions ? "," : ")"
            if model.fields.isEmpty {
                text.line("fields: []" + end)
            } else {
                text.line("fields: [")
                text.indented { text in
                    // swift-format wants no comma behind the only element of a list.
                    let comma = model.fields.count > 1 ? "," : ""
                    for field in model.fields.sorted(by: { $0.index < $1.index }) {
                        text.call("FieldSchema", field.schemaArguments, comma)
                    }
                }
                text.line("]" + end)
            }
            if model.hasConversions { text.line("conversion: MessageConversion(\(model.typeName).self))") }
        }
    }

    private mutating func property(_ field: FieldModel) {
        documentation(field.documentation)
        let type = field.isRepeated ? "[\(field.swiftType)]" : "\(field.swiftType)?"
        block("public var \(SwiftNames.escaped(field.propertyName)): \(type)") { text in
            text.line("get { content.\(field.getter)(\(field.index)) }")
            text.line("set { content.set(\(field.index), newValue) }")
        }
    }
}

extension FieldModel {
    var swiftType: String {
        switch (kind, format) {
        case (.bytes, .uuid): "ObjectID"
        case (.int64, .timestamp): "Timestamp"
        case (.int32, _): "Int32"
        case (.int64, _): "Int64"
        case (.uint32, _): "UInt32"
        case (.uint64, _): "UInt64"
        case (.bool, _): "Bool"
        case (.float, _): "Float"
        case (.double, _): "Double"
        case (.string, _): "String"
        case (.bytes, _): "[UInt8]"
        case (.enumeration(let name), _), (.message(let name), _): name.description
        }
    }

    /// The runtime's function that reads the field, or the list.
    var getter: String {
        let single =
            switch (kind, format) {
            case (.bytes, .uuid): "objectID"
            case (.int64, .timestamp): "timestamp"
            case (.int32, _): "int32"
            case (.int64, _): "int64"
            case (.uint32, _): "uint32"
            case (.uint64, _): "uint64"
            case (.bool, _): "bool"
            case (.float, _): "float"
            case (.double, _): "double"
            case (.string, _): "string"
            case (.bytes, _): isRepeated ? "byteArray" : "bytes"
            case (.enumeration, _): "enumeration"
            case (.message, _): "message"
            }
        return isRepeated ? single + "s" : single
    }

    var schemaArguments: [String] {
        var arguments = ["\(number)", "\"\(name)\"", kind.schema]
        if isRepeated { arguments.append("isRepeated: true") }
        if let since { arguments.append("since: \(since.swift)") }
        if let until { arguments.append("until: \(until.swift)") }
        if lowering != .drop { arguments.append("lowering: .\(lowering)") }
        if format != .plain { arguments.append("format: .\(format)") }
        if let lengthMax { arguments.append("lengthMax: \(lengthMax)") }
        if isSensitive { arguments.append("isSensitive: true") }
        return arguments
    }
}

extension FieldModel.Kind {
    var schema: String {
        switch self {
        case .int32: ".int32"
        case .int64: ".int64"
        case .uint32: ".uint32"
        case .uint64: ".uint64"
        case .bool: ".bool"
        case .float: ".float"
        case .double: ".double"
        case .string: ".string"
        case .bytes: ".bytes"
        case .enumeration(let name): ".enumeration(\(name).schema)"
        case .message(let name): ".message { \(name).schema }"
        }
    }
}

extension FieldModel.Kind: CustomStringConvertible {
    package var description: String {
        switch self {
        case .enumeration(let name), .message(let name): name.description
        default: String(schema.dropFirst())
        }
    }
}
