package import StatorObjects

/// An encoded message, taken apart by its declaration alone, so that what the object runtime made of it can be judged
/// by other code than its own.
package struct WireTree: Hashable {
    package enum Value: Hashable {
        case varint(UInt64)
        case fixed64([UInt8])
        case fixed32([UInt8])
        case bytes([UInt8])
        case message(WireTree)
    }

    /// The values of the fields that the declaration names, by number; lists have one value for each element.
    package var fields: [UInt32: [Value]] = [:]
    /// All other fields, as they came.
    package var unknown: [Unknown] = []

    package struct Unknown: Hashable {
        package let number: UInt32
        package let value: Value
    }

    package init() {}

    /// Takes a message apart that the runtime has encoded, so that anything odd is the runtime's fault.
    package init(_ bytes: [UInt8], _ schema: MessageSchema) throws(TestSupportError) {
        var reader = Reader(bytes: bytes[...], object: schema.name)
        while !reader.bytes.isEmpty {
            let tag = try reader.varint()
            let number = UInt32(truncatingIfNeeded: tag >> 3)
            let value = try reader.value(wireType: tag & 7)
            guard let field = schema.fields.first(where: { $0.number == number }) else {
                unknown.append(Unknown(number: number, value: value))
                continue
            }
            switch (field.kind, value) {
            case (.message(let nested), .bytes(let bytes)):
                fields[number, default: []].append(.message(try WireTree(bytes, nested())))
            case (.string, .bytes), (.bytes, .bytes):
                fields[number, default: []].append(value)
            case (_, .bytes(let packed)) where field.isRepeated:
                fields[number, default: []] += try Self.elements(packed, field, schema)
            case (.message, _), (.string, _), (.bytes, _), (_, .bytes):
                throw TestSupportError("\(schema.name).\(field.name) has another wire type than it is declared with.")
            default:
                fields[number, default: []].append(value)
            }
            guard field.isRepeated || fields[number]?.count == 1 else {
                throw TestSupportError("\(schema.name).\(field.name) was encoded more than once.")
            }
        }
    }

    private static func elements(
        _ packed: [UInt8], _ field: FieldSchema, _ schema: MessageSchema
    ) throws(TestSupportError) -> [Value] {
        var reader = Reader(bytes: packed[...], object: schema.name)
        let wireType: UInt64 =
            switch field.kind {
            case .float: 5
            case .double: 1
            default: 0
            }
        var elements: [Value] = []
        while !reader.bytes.isEmpty {
            elements.append(try reader.value(wireType: wireType))
        }
        return elements
    }

    private struct Reader {
        var bytes: ArraySlice<UInt8>
        let object: String

        mutating func varint() throws(TestSupportError) -> UInt64 {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), through: 63, by: 7) {
                guard let byte = bytes.popFirst() else { break }
                value |= UInt64(byte & 0x7F) << shift
                if byte & 0x80 == 0 { return value }
            }
            throw TestSupportError("A number in \(object) does not end.")
        }

        mutating func value(wireType: UInt64) throws(TestSupportError) -> Value {
            switch wireType {
            case 0: return .varint(try varint())
            case 1: return .fixed64(try take(8))
            case 2: return .bytes(try take(Int(truncatingIfNeeded: try varint())))
            case 5: return .fixed32(try take(4))
            default: throw TestSupportError("\(object) has the wire type \(wireType).")
            }
        }

        private mutating func take(_ count: Int) throws(TestSupportError) -> [UInt8] {
            guard count >= 0, count <= bytes.count else { throw TestSupportError("\(object) is cut short.") }
            defer { bytes = bytes.dropFirst(count) }
            return Array(bytes.prefix(count))
        }
    }
}
