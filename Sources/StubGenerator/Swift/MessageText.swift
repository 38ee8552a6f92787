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
                for field in model.fields where field.isMap {
                    text.blank()
                    text.entrySchema(field, of: model)
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
                        text.call("FieldSchema", field.schemaArguments(in: model.typeName), comma)
                    }
                }
                text.line("]" + end)
            }
            if model.hasConversions { text.line("conversion: MessageConversion(\(model.typeName).self))") }
        }
    }

    /// What the entries of a map are on the wire: messages of a key and a value, for which there is no type.
    private mutating func entrySchema(_ field: FieldModel, of model: MessageModel) {
        guard let key = field.mapKey else { return }
        let name = "\(model.fullName).\(SwiftNames.entry(field.name))"
        line("private static let \(field.entrySchemaName): MessageSchema = unsafe MessageSchema(")
        indented { text in
            text.line("name: \"\(name)\",")
            text.line("descriptor: \(SwiftNames.cDescriptorFunction(name))(),")
            text.line("fields: [")
            text.indented { text in
                let limit = key == .string ? ["lengthMax: 255"] : []
                let format = field.format == .plain ? [] : ["format: .\(field.format)"]
                text.call("FieldSchema", ["1", "\"key\"", key.schema] + limit, ",")
                text.call("FieldSchema", ["2", "\"value\"", field.kind.schema] + format, ",")
            }
            text.line("])")
        }
    }

    private mutating func property(_ field: FieldModel) {
        documentation(field.documentation)
        let type = field.isRepeated ? "[\(field.mapKeyType)\(field.swiftType)]" : "\(field.swiftType)?"
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

    /// The type of a map's keys and a colon; empty for a list.
    var mapKeyType: String {
        switch mapKey {
        case .int32: "Int32: "
        case .int64: "Int64: "
        case .uint32: "UInt32: "
        case .uint64: "UInt64: "
        case nil: ""
        default: "String: "
        }
    }

    var entrySchemaName: String { "\(propertyName)EntrySchema" }

    /// The runtime's function that reads the field, the list or the map.
    var getter: String {
        if isMap { return "map" }
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

    /// - Parameter message: The type that has the field.
    func schemaArguments(in message: TypeName) -> [String] {
        let schema = isMap ? ".message { \(message).\(entrySchemaName) }" : kind.schema
        var arguments = ["\(number)", "\"\(name)\"", schema]
        if isRepeated { arguments.append("isRepeated: true") }
        if isMap { arguments.append("isMap: true") }
        if let since { arguments.append("since: \(since.swift)") }
        if let until { arguments.append("until: \(until.swift)") }
        if lowering != .drop { arguments.append("lowering: .\(lowering)") }
        // In a map it is the values', and their entry says so.
        if format != .plain, !isMap { arguments.append("format: .\(format)") }
        if let lengthMax { arguments.append("lengthMax: \(lengthMax)") }
        if isSensitive { arguments.append("isSensitive: true") }
        if isLazy { arguments.append("isLazy: true") }
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
