/// The text over which a fingerprint is taken: what peers of a declaration rely on, without comments and in an order
/// of its own.
///
/// What a later generator adds may only add to the text where it is used, so that frozen fingerprints stay as they are.
package struct CanonicalForm: Hashable {
    /// One line per field, value or property, each complete in itself.
    package private(set) var lines: [String]

    package var text: String { lines.joined(separator: "\n") + "\n" }
    package var fingerprint: String { SHA256(text.utf8).hex }

    /// A message with its fields and the enumerations that they use; the messages in it count for themselves.
    package init(of message: MessageModel, in index: ContractIndex) {
        lines = ["object \(message.fullName) \(message.version?.description ?? "unversioned")"]
        for field in message.fields.sorted(by: { $0.number < $1.number }) {
            lines.append("field \(field.number) \(field.name) \(Self.properties(of: field))")
        }
        for enumeration in index.enums(of: message) {
            lines.append("enum \(enumeration.fullName)")
            for value in enumeration.values.sorted(by: { $0.number < $1.number }) {
                var line = "value \(enumeration.fullName) \(value.number) \(value.name)"
                if let since = value.since { line += " since=\(since)" }
                if let loweredAs = value.loweredAs { line += " lower_as=\(loweredAs)" }
                lines.append(line)
            }
        }
    }

    package init(of method: MethodModel, in service: ServiceModel) {
        lines = [
            "method \(service.fullName)/\(method.name)", "request \(method.requestName)",
            "response \(method.responseName)", "shape \(method.shape.rawValue)",
            "callers " + method.callers.sorted().joined(separator: " "),
        ]
        if method.isIdempotent { lines.append("idempotent") }
        if method.isPriority { lines.append("priority") }
        lines.append("since \(method.since)")
        if let until = method.until { lines.append("until \(until)") }
    }

    private static func properties(of field: FieldModel) -> String {
        var words = [field.isRepeated && !field.isMap ? "repeated" : "optional", field.declaredType]
        if let since = field.since { words.append("since=\(since)") }
        if let until = field.until { words.append("until=\(until)") }
        if field.lowering != .drop { words.append("lowering=\(field.lowering)") }
        if field.format != .plain { words.append("format=\(field.format)") }
        if let lengthMax = field.lengthMax { words.append("length_max=\(lengthMax)") }
        if field.isSensitive { words.append("sensitive") }
        if field.isLazy { words.append("lazy") }
        return words.joined(separator: " ")
    }
}
