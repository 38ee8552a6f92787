/// What a set of .proto files declares, checked, with every name as the Swift text has it.
package struct Contract {
    package var files: [ContractFile] = []

    package init() {}
}

/// Where something is declared.
package struct Place: Hashable {
    package var file: String
    /// Counted from 1; nil when protoc gave no source information.
    package var line: Int?

    package init(file: String, line: Int?) {
        self.file = file
        self.line = line
    }
}

/// One .proto file.
package struct ContractFile {
    package var path: String
    package var enums: [EnumModel] = []
    /// A nested message follows the one that contains it.
    package var messages: [MessageModel] = []
    package var services: [ServiceModel] = []

    package init(path: String) {
        self.path = path
    }
}

package struct EnumModel {
    package struct Value {
        /// As declared, for example `VM_STATE_ACTIVE`.
        package var name: String
        package var caseName: String
        package var number: Int32
        package var text: String
        package var since: Version?
        /// The number of the older value that lowering puts in its place.
        package var loweredAs: Int32?
        package var documentation: String
        package var place: Place

        package init(
            name: String, caseName: String, number: Int32, text: String, since: Version?, loweredAs: Int32?,
            documentation: String, place: Place
        ) {
            self.name = name
            self.caseName = caseName
            self.number = number
            self.text = text
            self.since = since
            self.loweredAs = loweredAs
            self.documentation = documentation
            self.place = place
        }
    }

    package var fullName: String
    package var typeName: TypeName
    package var documentation: String
    package var values: [Value]
    package var place: Place

    package init(fullName: String, typeName: TypeName, documentation: String, values: [Value], place: Place) {
        self.fullName = fullName
        self.typeName = typeName
        self.documentation = documentation
        self.values = values
        self.place = place
    }
}

package struct MessageModel {
    package var fullName: String
    package var typeName: TypeName
    package var documentation: String
    package var version: Version?
    /// In the order of the declaration.
    package var fields: [FieldModel]
    /// Numbers that no field may have.
    package var reservedNumbers: [ClosedRange<Int32>] = []
    package var place: Place

    package var hasConversions: Bool { fields.contains { $0.lowering == .convert } }
}

package struct FieldModel {
    package enum Kind: Hashable {
        case int32, int64, uint32, uint64, bool, float, double, string, bytes
        case enumeration(TypeName)
        case message(TypeName)

        var isEnumeration: Bool {
            if case .enumeration = self { true } else { false }
        }
    }

    package var number: Int32
    package var name: String
    package var propertyName: String
    /// The position by field number, which is the order in schemas and in protobuf-c.
    package var index: Int
    /// What a value is, in a map too.
    package var kind: Kind
    /// What a map's keys are; nil for other fields.
    package var mapKey: Kind?
    /// As declared, with full names: `sint32`, `stator.v1.VMState`, `map<string, stator.v1.Host>`.
    package var declaredType: String
    /// The full name of the enumeration or message in it.
    package var referencedType: String?
    /// Whether it has several values, as a list or a map.
    package var isRepeated: Bool
    package var since: Version?
    package var until: Version?
    package var lowering: LoweringOption
    package var format: FormatOption
    package var lengthMax: UInt32?
    package var isSensitive: Bool
    package var isLazy: Bool
    package var documentation: String
    package var place: Place

    package var isMap: Bool { mapKey != nil }
}

package struct ServiceModel {
    package var fullName: String
    package var name: String
    /// The argument label of its registration.
    package var label: String
    package var documentation: String
    package var methods: [MethodModel]
    package var place: Place
}

package struct MethodModel {
    /// How many messages go each way, named as the runtime's enumeration of shapes names it.
    package enum Shape: String {
        case unary, clientStreaming, serverStreaming, bidirectional
    }

    package var name: String
    package var functionName: String
    package var request: TypeName
    package var response: TypeName
    /// Full names of the messages, for example `stator.v1.Host`.
    package var requestName: String
    package var responseName: String
    package var shape: Shape
    /// As cases of the runtime's enumeration.
    package var callers: [String]
    package var isIdempotent: Bool
    package var isPriority: Bool
    /// The service version that first serves it; nil where the declaration does not say.
    package var declaredSince: UInt32?
    /// The first service version that need not serve it any more.
    package var until: UInt32?
    package var id: UInt64
    package var documentation: String
    package var place: Place

    package var since: UInt32 { declaredSince ?? 1 }
}

/// A Swift type's name; nested types have several parts.
package struct TypeName: Hashable, CustomStringConvertible {
    package var parts: [String]

    package init(_ parts: [String]) {
        self.parts = parts
    }

    package var description: String { parts.joined(separator: ".") }
    package var last: String { parts.last ?? "" }
    /// The type that contains it.
    package var parent: TypeName? { parts.count > 1 ? TypeName(parts.dropLast()) : nil }
}

/// An object's version.
package struct Version: Hashable, Comparable, CustomStringConvertible {
    package var major: UInt16
    package var minor: UInt16

    package init(_ major: UInt16, _ minor: UInt16) {
        self.major = major
        self.minor = minor
    }

    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let major = UInt16(parts[0]), let minor = UInt16(parts[1]),
            text == "\(major).\(minor)"
        else { return nil }
        self.init(major, minor)
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    package var description: String { "\(major).\(minor)" }
}
