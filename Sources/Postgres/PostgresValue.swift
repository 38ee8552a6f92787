/// A uuid as the two words of its 16 bytes, in network order.
package struct PostgresUUID: Hashable, Sendable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// A parameter of a statement; sent in PostgreSQL's binary form, with its type.
package enum PostgresValue: Sendable, Hashable {
    /// Of whatever type the statement says (cast it there when nothing else does: `$1::text`).
    case null
    case bool(Bool)
    case int4(Int32)
    case int8(Int64)
    case text(String)
    case bytea([UInt8])
    case uuid(PostgresUUID)
    /// `timestamptz`, as microseconds since 1970.
    case timestamp(microsecondsSinceEpoch: Int64)
    case int4Array([Int32])
    case int8Array([Int64])
    case textArray([String])
    case byteaArray([[UInt8]])
    case uuidArray([PostgresUUID])
}

/// PostgreSQL's numbers of the types that are sent and read here.
enum TypeID {
    static let unspecified: UInt32 = 0
    static let bool: UInt32 = 16
    static let bytea: UInt32 = 17
    static let name: UInt32 = 19
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let byteaArray: UInt32 = 1001
    static let int4Array: UInt32 = 1007
    static let textArray: UInt32 = 1009
    static let int8Array: UInt32 = 1016
    static let varchar: UInt32 = 1043
    static let timestamptz: UInt32 = 1184
    static let uuid: UInt32 = 2950
    static let uuidArray: UInt32 = 2951
}

/// PostgreSQL counts microseconds from 2000-01-01, we from 1970-01-01.
let postgresEpochMicroseconds: Int64 = 946_684_800_000_000

extension PostgresValue {
    var typeID: UInt32 {
        switch self {
        case .null: TypeID.unspecified
        case .bool: TypeID.bool
        case .int4: TypeID.int4
        case .int8: TypeID.int8
        case .text: TypeID.text
        case .bytea: TypeID.bytea
        case .uuid: TypeID.uuid
        case .timestamp: TypeID.timestamptz
        case .int4Array: TypeID.int4Array
        case .int8Array: TypeID.int8Array
        case .textArray: TypeID.textArray
        case .byteaArray: TypeID.byteaArray
        case .uuidArray: TypeID.uuidArray
        }
    }
}
