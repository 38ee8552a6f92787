extension MessageSchema {
    /// A JSON Schema (draft 2020-12) for the canonical JSON of such messages, with those that they contain.
    ///
    /// Lengths of strings are left out, since the declaration counts bytes and JSON Schema characters.
    public var jsonSchema: String {
        var schemas: [MessageSchema] = []
        collect(into: &schemas)
        var text = #"{"$schema":"https://json-schema.org/draft/2020-12/schema","$ref":"#
        text += "\"#/$defs/\(name)\",\"$defs\":{"
        text += schemas.map { "\"\($0.name)\":\($0.definition)" }.joined(separator: ",")
        return text + "}}"
    }

    /// This and the nested messages, each once, in the order in which they are found.
    private func collect(into schemas: inout [MessageSchema]) {
        guard !schemas.contains(self) else { return }
        schemas.append(self)
        for (index, field) in fields.enumerated() {
            guard let nested = nested(index) else { continue }
            if field.isMap {
                nested.nested(MapEntry.valueIndex)?.collect(into: &schemas)
            } else {
                nested.collect(into: &schemas)
            }
        }
    }

    private var definition: String {
        let properties = fields.enumerated().map { index, field in "\"\(field.name)\":\(property(index, field))" }
        let version = version.map { #""$comment":"version \#($0)","# } ?? ""
        return "{\(version)\"type\":\"object\",\"properties\":{\(properties.joined(separator: ","))},"
            + #""additionalProperties":false}"#
    }

    private func property(_ index: Int, _ field: FieldSchema) -> String {
        var members: String
        if field.isMap, let entry = nested(index) {
            let value = entry.value(MapEntry.valueIndex)
            members = #""type":"object","maxProperties":\#(field.elementCountMax),"additionalProperties":{\#(value)}"#
        } else if field.isRepeated {
            members = #""type":"array","maxItems":\#(field.elementCountMax),"items":{\#(value(index))}"#
        } else {
            members = value(index)
        }
        if field.isSensitive { members += #","writeOnly":true"# }
        return "{\(members)}"
    }

    /// The members of a schema for one value of a field.
    private func value(_ index: Int) -> String {
        let field = fields[index]
        switch field.kind {
        case .bool: return #""type":"boolean""#
        case .int32: return #""type":"integer","minimum":\#(Int32.min),"maximum":\#(Int32.max)"#
        case .uint32: return #""type":"integer","minimum":0,"maximum":\#(UInt32.max)"#
        case .int64 where field.format == .timestamp: return #""type":"string","format":"date-time""#
        case .int64: return #""type":"string","pattern":"^-?[0-9]+$""#
        case .uint64: return #""type":"string","pattern":"^[0-9]+$""#
        case .float, .double: return #""type":["number","string"]"#
        case .bytes where field.format == .uuid: return #""type":"string","format":"uuid""#
        case .bytes: return #""type":"string","contentEncoding":"base64""#
        case .string:
            switch field.format {
            case .name: return #""type":"string","minLength":1,"maxLength":255"#
            case .macAddress: return #""type":"string","pattern":"^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$""#
            case .ipAddress: return #""type":"string","anyOf":[{"format":"ipv4"},{"format":"ipv6"}]"#
            case .plain, .uuid, .timestamp: return #""type":"string""#
            }
        case .enumeration(let enumeration):
            return "\"enum\":[\(enumeration.values.map { "\"\($0.text)\"" }.joined(separator: ","))]"
        case .message(let nested):
            return ##""$ref":"#/$defs/\##(nested().name)""##
        }
    }
}
