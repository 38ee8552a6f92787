/// Names of declarations in .proto files as Python writes them.
package enum PythonNames {
    /// A field's attribute: its own name, with an underscore behind it where Python or the runtime has it already.
    package static func attribute(_ field: String) -> String {
        let name = field.hasPrefix("_") ? "field" + field : field
        return keywords.contains(name) || objectMembers.contains(name) || builtins.contains(name) ? name + "_" : name
    }

    /// `CreateServer` → `create_server`, `VMStart` → `vm_start`.
    package static func function(_ method: String) -> String {
        let name = SwiftNames.upperSnake(method).lowercased()
        return keywords.contains(name) || name.hasPrefix("_") ? name + "_" : name
    }

    /// A constant for a method.
    package static func constant(_ method: String) -> String {
        let name = SwiftNames.upperSnake(method)
        return name == "ALL" ? name + "_" : name
    }

    /// A value of an enumeration: `VM_STATE_ACTIVE` of `VMState` → `ACTIVE`.
    package static func enumValue(_ value: EnumModel.Value) -> String {
        let name = value.text.uppercased()
        // None is a keyword, but not in capitals; what begins with an underscore would be no member.
        return name.hasPrefix("_") ? "VALUE" + name : name
    }

    /// A path's module: `stator/v1/objects.proto` → `stator.v1.objects`.
    package static func module(ofPath path: String) -> [String] {
        let withoutSuffix = path.hasSuffix(".proto") ? String(path.dropLast(".proto".count)) : path
        return withoutSuffix.split(separator: "/").map { part in
            // protoc's own modules have underscores there, too.
            String(part).replacing("-", with: "_")
        }
    }

    /// Whether the name can stand in an `import`.
    package static func isModule(_ part: String) -> Bool {
        guard let first = part.first, first.isLetter || first == "_", !keywords.contains(part) else { return false }
        return part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    }

    private static let keywords: Set<String> = [
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
        "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
        "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
    ]

    /// What every object has.
    private static let objectMembers: Set<String> = [
        "schema", "is_set", "set_fields", "unknown_fields", "copy", "encode", "encode_for", "lowered", "decode",
        "to_dict", "from_dict",
    ]

    /// Types that annotations name: in a class with such an attribute they would mean the attribute.
    private static let builtins: Set<String> = ["bool", "bytes", "dict", "float", "int", "list", "str"]
}
