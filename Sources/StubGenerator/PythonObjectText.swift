extension PythonText {
    /// An enumeration's class.
    mutating func enumeration(_ model: EnumModel) {
        block("class \(model.typeName.last)(_objects.Enumeration)") { text in
            text.documentation(model.documentation)
            if !model.documentation.isEmpty { text.line() }
            for value in model.values {
                text.line("\(PythonNames.enumValue(value)) = \(value.number)")
                text.documentation(value.documentation)
            }
            let ruled = model.values.filter { $0.since != nil || $0.loweredAs != nil }
            guard !ruled.isEmpty else { return }
            text.line()
            text.line("@classmethod")
            text.block("def value_rules(cls) -> _typing.Mapping[int, _objects.ValueRule]") { text in
                text.call("return ", ruled.map(\.pythonRule), brackets: ("{", "}"), isAlwaysLong: true)
            }
        }
    }

    /// A message's class: a dataclass with those of the messages and enumerations in it.
    mutating func message(_ model: MessageModel, in file: ContractFile, types: PythonTypes) {
        line("@_dataclasses.dataclass(eq=False, repr=False, kw_only=True)")
        block("class \(model.typeName.last)(_objects.Object)") { text in
            text.documentation(model.documentation)
            if !model.documentation.isEmpty { text.line() }
            for enumeration in file.enums where enumeration.typeName.parent == model.typeName {
                text.enumeration(enumeration)
                text.line()
            }
            for nested in file.messages where nested.typeName.parent == model.typeName {
                text.message(nested, in: file, types: types)
                text.line()
            }
            for field in model.fields {
                text.line("\(PythonNames.attribute(field.name)): \(field.pythonAnnotation(types))")
                text.documentation(field.documentation)
            }
            if !model.fields.isEmpty { text.line() }
            text.schema(model, module: PythonNames.module(ofPath: file.path).last ?? "", types: types)
        }
    }

    private mutating func schema(_ model: MessageModel, module: String, types: PythonTypes) {
        line("schema: _typing.ClassVar[_objects.Schema] = _objects.Schema(")
        indented { text in
            text.line("\"\(model.fullName)\",")
            text.line((model.version?.python ?? "None") + ",")
            text.line("\(module)_pb2.\(model.typeName),")
            if model.fields.isEmpty {
                text.line("[],")
                return
            }
            text.line("[")
            text.indented { text in
                for field in model.fields {
                    text.call("_objects.Field", field.pythonArguments(types), ",")
                }
            }
            text.line("],")
        }
        line(")")
    }
}

extension EnumModel.Value {
    fileprivate var pythonRule: String {
        var arguments: [String] = []
        if let since { arguments.append("since=\(since.python)") }
        if let loweredAs { arguments.append("lowered_as=\(loweredAs)") }
        return "\(number): _objects.ValueRule(\(arguments.joined(separator: ", ")))"
    }
}

extension FieldModel {
    /// A type of Python's for a value, by the name that protobuf has for it.
    private static func pythonScalar(_ name: String, format: FormatOption) -> (annotation: String, kind: String)? {
        switch (name, format) {
        case ("bytes", .uuid): ("_uuid.UUID", "BYTES")
        case ("int64", .timestamp), ("sint64", .timestamp), ("sfixed64", .timestamp): ("_datetime.datetime", "INT64")
        case ("int32", _), ("sint32", _), ("sfixed32", _): ("int", "INT32")
        case ("int64", _), ("sint64", _), ("sfixed64", _): ("int", "INT64")
        case ("uint32", _), ("fixed32", _): ("int", "UINT32")
        case ("uint64", _), ("fixed64", _): ("int", "UINT64")
        case ("bool", _): ("bool", "BOOL")
        case ("float", _): ("float", "FLOAT")
        case ("double", _): ("float", "DOUBLE")
        case ("string", _): ("str", "STRING")
        case ("bytes", _): ("bytes", "BYTES")
        default: nil
        }
    }

    /// The types of a map's keys and values; the key is empty where the field is no map.
    private var declaredParts: (key: String, value: String) {
        guard isMap, let comma = declaredType.firstIndex(of: ",") else { return ("", declaredType) }
        let key = declaredType[..<comma].dropFirst("map<".count)
        let value = declaredType[comma...].dropFirst(2).dropLast()
        return (String(key), String(value))
    }

    func pythonAnnotation(_ types: PythonTypes) -> String {
        let (key, value) = declaredParts
        let single =
            Self.pythonScalar(value, format: format)?.annotation ?? types[value]?.name.description ?? "object"
        let collection = "_dataclasses.field(default_factory="
        if isMap {
            let keys = Self.pythonScalar(key, format: .plain)?.annotation ?? "str"
            return "dict[\(keys), \(single)] = \(collection)dict)"
        }
        return isRepeated ? "list[\(single)] = \(collection)list)" : "\(single) | None = None"
    }

    func pythonArguments(_ types: PythonTypes) -> [String] {
        let (key, value) = declaredParts
        let type =
            Self.pythonScalar(value, format: format).map { "_objects.Kind.\($0.kind)" }
            ?? types[value].map { "lambda: \($0.name)" } ?? "lambda: object"
        var arguments = ["\(number)", "\"\(name)\"", type]
        if isMap {
            arguments.append("key=_objects.Kind.\(Self.pythonScalar(key, format: .plain)?.kind ?? "STRING")")
        } else if isRepeated {
            arguments.append("repeated=True")
        }
        if let since { arguments.append("since=\(since.python)") }
        if let until { arguments.append("until=\(until.python)") }
        if lowering != .drop { arguments.append("lowering=_objects.Lowering." + "\(lowering)".uppercased()) }
        if format != .plain { arguments.append("format=_objects.Format.\(format.python)") }
        if let lengthMax { arguments.append("length_max=\(lengthMax)") }
        if isSensitive { arguments.append("sensitive=True") }
        let attribute = PythonNames.attribute(name)
        if attribute != name { arguments.append("attribute=\"\(attribute)\"") }
        return arguments
    }
}

extension FormatOption {
    fileprivate var python: String {
        switch self {
        case .plain: "PLAIN"
        case .uuid: "UUID"
        case .timestamp: "TIMESTAMP"
        case .name: "NAME"
        case .macAddress: "MAC_ADDRESS"
        case .ipAddress: "IP_ADDRESS"
        }
    }
}

extension Version {
    var python: String { "_objects.Version(\(major), \(minor))" }
}
