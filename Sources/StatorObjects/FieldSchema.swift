/// What a field's values are.
public enum FieldKind: Sendable {
    case int32, int64, uint32, uint64, bool, float, double
    case string, bytes
    case enumeration(EnumSchema)
    /// Looked up late, since messages may contain themselves.
    case message(@Sendable () -> MessageSchema)

    /// Whether there are values that protobuf's encoding allows and a declaration does not.
    var isRestricted: Bool {
        switch self {
        case .int32, .int64, .uint32, .uint64, .bool, .float, .double: false
        case .string, .bytes, .enumeration, .message: true
        }
    }
}

/// What a field's bytes or number mean.
public enum FieldFormat: Hashable, Sendable {
    case plain
    /// 16 raw bytes.
    case uuid
    /// Microseconds since the epoch, in an int64.
    case timestamp
    /// 1 to 255 characters without control characters.
    case name
    /// Six octets in hexadecimal, separated by colons.
    case macAddress
    /// IPv4 or IPv6 text.
    case ipAddress
}

/// What lowering does with a set field that the receiver's version of the object lacks.
public enum FieldLowering: Hashable, Sendable, BitwiseCopyable {
    case drop
    case refuse
    case convert
}

/// A field as declared.
public struct FieldSchema: Sendable {
    public static let byteCountMaxDefault = 65_536
    public static let elementCountMaxDefault = 1_024

    public let number: UInt32
    public let name: String
    public let kind: FieldKind
    public let isRepeated: Bool
    /// A repeated field of entries, each a message of a key (field 1) and a value (field 2); no key comes twice.
    public let isMap: Bool
    /// The first version of the object that has the field; nil: the object's first.
    public let since: ObjectVersion?
    /// The first version that no longer has it.
    public let until: ObjectVersion?
    public let lowering: FieldLowering
    public let format: FieldFormat
    /// The greatest number of bytes of a string or of bytes.
    public let byteCountMax: Int
    /// The greatest number of elements of a repeated field, or of entries of a map.
    public let elementCountMax: Int
    public let isSensitive: Bool
    /// A part that an object may come without, to be loaded when it is needed; see `PartLoader`.
    public let isLazy: Bool

    /// Declares a field; `lengthMax` counts the elements of a repeated field and the entries of a map, else bytes.
    public init(
        _ number: UInt32, _ name: String, _ kind: FieldKind, isRepeated: Bool = false, isMap: Bool = false,
        since: ObjectVersion? = nil, until: ObjectVersion? = nil, lowering: FieldLowering = .drop,
        format: FieldFormat = .plain, lengthMax: Int? = nil, isSensitive: Bool = false, isLazy: Bool = false
    ) {
        let isRepeated = isRepeated || isMap
        self.number = number
        self.name = name
        self.kind = kind
        self.isRepeated = isRepeated
        self.isMap = isMap
        self.since = since
        self.until = until
        self.lowering = lowering
        self.format = format
        byteCountMax = isRepeated ? Self.byteCountMaxDefault : lengthMax ?? Self.byteCountMaxDefault
        elementCountMax = isRepeated ? lengthMax ?? Self.elementCountMaxDefault : 1
        self.isSensitive = isSensitive
        self.isLazy = isLazy
    }

    /// Whether the object has the field at that version.
    func exists(at version: ObjectVersion) -> Bool {
        if let since, version < since { return false }
        if let until, version >= until { return false }
        return true
    }
}
