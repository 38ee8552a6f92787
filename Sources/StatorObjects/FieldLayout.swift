internal import CProtobufC

/// Where a field lies in protobuf-c's struct of its message.
struct FieldLayout: BitwiseCopyable, Sendable {
    /// How a single value, or an element of a list, is stored.
    enum Storage: UInt8, BitwiseCopyable, Sendable {
        case fourBytes
        case eightBytes
        /// A length and a pointer.
        case binary
        /// A pointer to a struct.
        case message

        var size: Int {
            switch self {
            case .fourBytes: 4
            case .eightBytes, .message: 8
            case .binary: 16
            }
        }
    }

    let storage: Storage
    let isRepeated: Bool
    private let memberOffset: UInt32
    private let memberQuantifierOffset: UInt32

    var offset: Int { Int(memberOffset) }
    /// Of the `has_…` flag or, in a list, of the count; a single message has none.
    var quantifierOffset: Int { Int(memberQuantifierOffset) }

    /// Nil for what the object runtime does not support: C strings, required fields and members of a oneof.
    init?(_ field: ProtobufCFieldDescriptor) {
        switch unsafe field.type {
        case PROTOBUF_C_TYPE_INT32, PROTOBUF_C_TYPE_SINT32, PROTOBUF_C_TYPE_SFIXED32, PROTOBUF_C_TYPE_UINT32,
            PROTOBUF_C_TYPE_FIXED32, PROTOBUF_C_TYPE_FLOAT, PROTOBUF_C_TYPE_BOOL, PROTOBUF_C_TYPE_ENUM:
            storage = .fourBytes
        case PROTOBUF_C_TYPE_INT64, PROTOBUF_C_TYPE_SINT64, PROTOBUF_C_TYPE_SFIXED64, PROTOBUF_C_TYPE_UINT64,
            PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_TYPE_DOUBLE:
            storage = .eightBytes
        case PROTOBUF_C_TYPE_BYTES:
            storage = .binary
        case PROTOBUF_C_TYPE_MESSAGE:
            storage = .message
        default:
            return nil
        }
        switch unsafe field.label {
        case PROTOBUF_C_LABEL_OPTIONAL: isRepeated = false
        case PROTOBUF_C_LABEL_REPEATED: isRepeated = true
        default: return nil
        }
        guard unsafe field.flags & PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue == 0, unsafe field.default_value == nil else {
            return nil
        }
        memberOffset = unsafe field.offset
        memberQuantifierOffset = unsafe field.quantifier_offset
    }

    /// Whether the declaration of the field says the same.
    func fits(_ field: FieldSchema) -> Bool {
        let expected: Storage =
            switch field.kind {
            case .int32, .uint32, .bool, .float, .enumeration: .fourBytes
            case .int64, .uint64, .double: .eightBytes
            case .string, .bytes: .binary
            case .message: .message
            }
        return expected == storage && isRepeated == field.isRepeated
    }
}
