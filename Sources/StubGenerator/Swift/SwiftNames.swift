/// Names of declarations in .proto files as Swift and as protobuf-c write them.
package enum SwiftNames {
    /// `display_name` → `displayName`.
    package static func property(_ name: String) -> String {
        let words = name.split(separator: "_").map { $0.lowercased() }
        guard let first = words.first else { return name }
        return first + words.dropFirst().map(capitalized).joined()
    }

    /// The message of a map's entries, as protoc names it: `host_names` → `HostNamesEntry`.
    package static func entry(_ name: String) -> String {
        name.split(separator: "_").map { capitalized(String($0)) }.joined() + "Entry"
    }

    /// `CreateServer` → `createServer`, `VMStart` → `vmStart`.
    package static func function(_ name: String) -> String {
        let characters = Array(name)
        var result = ""
        for (index, character) in characters.enumerated() {
            let startsWord = index > 0 && index + 1 < characters.count && characters[index + 1].isLowercase
            guard character.isUppercase, !startsWord else {
                return result + String(characters[index...])
            }
            result += character.lowercased()
        }
        return result
    }

    /// The part of a value's name behind the enumeration's: `VM_STATE_ACTIVE` of `VMState` → `ACTIVE`.
    package static func enumValue(_ value: String, of enumeration: String) -> String {
        let prefix = upperSnake(enumeration) + "_"
        guard value.hasPrefix(prefix) else { return value }
        let rest = value.dropFirst(prefix.count)
        guard let first = rest.first, first.isLetter else { return value }
        return String(rest)
    }

    /// The name between backticks when it is a word of the language.
    package static func escaped(_ name: String) -> String {
        keywords.contains(name) ? "`\(name)`" : name
    }

    /// protobuf-c's name of a message or enumeration: `stator.v1.VMState` → `stator__v1__vmstate`.
    package static func cName(_ fullName: String) -> String {
        fullName.split(separator: ".").map(cLower).joined(separator: "__")
    }

    /// The C function that gives a message's descriptor: `stator.v1.VMState` → `stator_v1_vmstate_descriptor`.
    package static func cDescriptorFunction(_ fullName: String) -> String {
        fullName.split(separator: ".").map(cLower).joined(separator: "_") + "_descriptor"
    }

    private static func capitalized(_ word: String) -> String {
        word.prefix(1).uppercased() + word.dropFirst()
    }

    /// `VMState` → `VM_STATE`.
    static func upperSnake(_ name: String) -> String {
        let characters = Array(name)
        var result = ""
        for (index, character) in characters.enumerated() {
            if index > 0, character.isUppercase {
                let followsLower = !characters[index - 1].isUppercase
                let beginsWord = index + 1 < characters.count && characters[index + 1].isLowercase
                if followsLower || beginsWord { result += "_" }
            }
            result += character.uppercased()
        }
        return result
    }

    /// As protoc-gen-c does it: an underscore before a capital that follows no other.
    private static func cLower(_ name: Substring) -> String {
        var result = ""
        var wasUpper = true
        for character in name {
            if character.isUppercase, !wasUpper { result += "_" }
            result += character.lowercased()
            wasUpper = character.isUppercase
        }
        return result
    }

    private static let keywords: Set<String> = [
        "Any", "Protocol", "Self", "Type", "as", "associatedtype", "await", "break", "case", "catch", "class",
        "continue", "default", "defer", "deinit", "do", "else", "enum", "extension", "fallthrough", "false",
        "fileprivate", "for", "func", "guard", "if", "import", "in", "init", "inout", "internal", "is", "let", "nil",
        "operator", "precedencegroup", "private", "protocol", "public", "repeat", "rethrows", "return", "self",
        "static", "struct", "subscript", "super", "switch", "throw", "throws", "true", "try", "typealias", "var",
        "where", "while",
    ]

    /// Members that every message has; a field cannot be named like one of them.
    ///
    /// `description` is not among them: the field and the text have different types.
    package static let messageMembers: Set<String> = [
        "schema", "content", "jsonDescription", "setFields", "changedFields", "clearChanges", "onlyChanges", "isSet",
        "validate", "encoding", "encodedBytes", "lower", "raise", "init", "self", "Type", "Protocol",
    ]

    /// Cases that every enumeration would confuse with a member of its own.
    package static let enumMembers: Set<String> = [
        "schema", "allCases", "rawValue", "hashValue", "description", "init", "self", "Type", "Protocol",
    ]

    /// Types that generated text refers to; a message, an enumeration or a service cannot be named like one.
    package static let runtimeTypes: Set<String> = [
        "Any", "BidirectionalCall", "Bool", "CallContext", "CallOptions", "CallRouter", "Caller", "CallerClass",
        "ClientStreamingCall", "ConvertedMessage", "Double", "EnumSchema", "EnumValueSchema", "FieldSchema", "Float",
        "Int32", "Int64", "Manifest", "MessageContent", "MessageConversion", "MessageEnum", "MessageSchema",
        "MethodDescriptor", "ObjectID", "ObjectVersion", "Optional", "Protocol", "RPCError", "RequestStream",
        "ResponseStream", "ResponseWriter", "Self", "Sendable", "String", "Timestamp", "Type", "UInt32", "UInt64",
        "UInt8", "VersionedMessage",
    ]
}
