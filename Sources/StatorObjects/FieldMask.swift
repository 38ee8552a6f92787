/// Names some fields of an object and of what is nested in it: `flavor.name`, `network_interfaces.mac_address`.
///
/// A path that goes through a list means each of its elements; maps are named as a whole.
public struct FieldMask<Message: VersionedMessage>: Hashable, Sendable {
    /// The greatest length of a mask's text, in bytes.
    public static var textLengthMax: Int { 8_192 }
    /// The greatest number of paths.
    public static var pathCountMax: Int { 256 }

    let root: FieldMaskNode

    /// A mask that names nothing.
    public init() {
        root = FieldMaskNode()
    }

    /// Reads the paths; throws when one names what the object does not have, and says which part of it.
    public init(paths: some Collection<String>) throws(ObjectError) {
        guard paths.count <= Self.pathCountMax else {
            throw Self.invalid("A field mask has \(paths.count) paths; at most \(Self.pathCountMax) are taken.")
        }
        var root = FieldMaskNode()
        for path in paths {
            guard path.utf8.count <= Self.textLengthMax else {
                throw Self.invalid("A field mask's path is longer than \(Self.textLengthMax) bytes.")
            }
            let parts = path.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            guard parts.count <= MessageLimits.nestingDepthMax else {
                throw Self.invalid("A field mask's path has more than \(MessageLimits.nestingDepthMax) parts.")
            }
            try root.insert(parts.map { String(decoding: $0, as: UTF8.self) }[...], Message.schema, path: path)
        }
        self.root = root
    }

    /// Reads the text form: paths separated by commas, without spaces; the empty text names nothing.
    public init(_ text: String) throws(ObjectError) {
        guard text.utf8.count <= Self.textLengthMax else {
            throw Self.invalid("A field mask has \(text.utf8.count) bytes; at most \(Self.textLengthMax) are taken.")
        }
        let paths = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        try self.init(paths: text.isEmpty ? [] : paths.map { String(decoding: $0, as: UTF8.self) })
    }

    /// The paths by field number, none of which is a part of another one.
    public var paths: [String] { root.paths(Message.schema) }

    public var isEmpty: Bool { root.children.isEmpty }

    private static func invalid(_ message: String) -> ObjectError {
        ObjectError(.invalidMask, object: Message.schema.name, message: message)
    }
}

extension FieldMask: CustomStringConvertible {
    /// The canonical text: each mask has one.
    public var description: String { paths.joined(separator: ",") }
}

/// Some fields of a message, by their index; a field without children is meant as a whole.
struct FieldMaskNode: Hashable, Sendable {
    private(set) var children: [Int: FieldMaskNode] = [:]
    /// All of the message, which makes narrower paths redundant.
    private(set) var isWhole = false

    fileprivate mutating func insert(
        _ parts: ArraySlice<String>, _ schema: MessageSchema, path: String
    ) throws(ObjectError) {
        guard let part = parts.first else {
            isWhole = true
            children = [:]
            return
        }
        guard let index = schema.index(of: part) else {
            throw ObjectError(
                .invalidMask, object: schema.name, field: part.isEmpty ? nil : part,
                message: "The field mask's path \"\(path)\" names \"\(part)\", which \(schema.name) lacks.")
        }
        var child = children[index] ?? FieldMaskNode()
        let rest = parts.dropFirst()
        if let next = rest.first {
            guard let nested = schema.nested(index), !schema.fields[index].isMap else {
                throw ObjectError(
                    .invalidMask, object: schema.name, field: part,
                    message: "The field mask's path \"\(path)\" names \"\(next)\" in \(schema.name).\(part), "
                        + "which has no fields.")
            }
            // The path is checked, even where a wider one makes it redundant.
            let isWhole = child.isWhole
            try child.insert(rest, nested, path: path)
            if isWhole { try child.insert([], nested, path: path) }
        } else {
            try child.insert([], schema, path: path)
        }
        children[index] = child
    }

    fileprivate func paths(_ schema: MessageSchema) -> [String] {
        children.keys.sorted().flatMap { index -> [String] in
            let name = schema.fields[index].name
            guard let child = children[index], !child.isWhole, let nested = schema.nested(index) else { return [name] }
            return child.paths(nested).map { "\(name).\($0)" }
        }
    }
}
