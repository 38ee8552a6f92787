extension SwiftText {
    /// An enumeration's type.
    package mutating func enumeration(_ model: EnumModel) {
        inScope(of: model.typeName) { text in
            text.documentation(model.documentation)
            text.block("public enum \(SwiftNames.escaped(model.typeName.last)): Int32, MessageEnum") { text in
                for value in model.values {
                    text.documentation(value.documentation)
                    text.line("case \(SwiftNames.escaped(value.caseName)) = \(value.number)")
                }
                text.blank()
                text.line("public static let schema = EnumSchema(")
                text.indented { text in
                    text.line("name: \"\(model.fullName)\",")
                    text.line("values: [")
                    text.indented { text in
                        let comma = model.values.count > 1 ? "," : ""
                        for value in model.values {
                            var arguments = ["\(value.number)", "\"\(value.text)\""]
                            if let since = value.since { arguments.append("since: \(since.swift)") }
                            if let loweredAs = value.loweredAs { arguments.append("loweredAs: \(loweredAs)") }
                            text.call("EnumValueSchema", arguments, comma)
                        }
                    }
                    text.line("])")
                }
            }
        }
    }

    /// Writes a type, inside an extension of the one that contains it if there is one.
    mutating func inScope(of name: TypeName, _ body: (inout SwiftText) -> Void) {
        if let parent = name.parent {
            block("extension \(parent)", body)
        } else {
            body(&self)
        }
    }
}

extension Version {
    var swift: String { "ObjectVersion(\(major), \(minor))" }
}
