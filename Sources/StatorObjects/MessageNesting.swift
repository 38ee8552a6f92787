/// Follows the nested messages of encoded bytes and refuses what is nested too deep or cannot be followed.
///
/// Needed for messages that can contain themselves only: all others are as deep as their declaration at most.
func checkNesting(
    _ bytes: UnsafeRawBufferPointer, _ schema: MessageSchema, depth: Int
) throws(ObjectError) {
    guard depth <= MessageLimits.nestingDepthMax else { throw .nestedTooDeep(schema) }
    var reader = unsafe WireReader(bytes)
    while let field = unsafe reader.next() {
        guard let payload = unsafe field.payload, let index = unsafe schema.index(ofNumber: field.number),
            let nested = schema.nested(index)
        else { continue }
        unsafe try checkNesting(payload, nested, depth: depth + 1)
    }
    guard unsafe !reader.isBroken else {
        throw ObjectError(
            .malformed, object: schema.name, message: "The bytes are no \(schema.name) in protobuf's encoding.")
    }
}

/// Steps over the fields of an encoded message, at least as strict as protobuf-c.
@unsafe private struct WireReader {
    @unsafe struct Field {
        let number: UInt32
        /// Of a length-delimited field.
        let payload: UnsafeRawBufferPointer?
    }

    private var rest: Slice<UnsafeRawBufferPointer>
    /// Something was found that is no field.
    private(set) var isBroken = false

    init(_ bytes: UnsafeRawBufferPointer) {
        unsafe rest = unsafe bytes[...]
    }

    /// The next field; nil at the end and where the bytes cannot be followed.
    mutating func next() -> Field? {
        guard unsafe !isBroken, unsafe !rest.isEmpty else { return nil }
        guard let tag = unsafe varint(byteCountMax: 5), let tag = UInt32(exactly: tag) else {
            unsafe isBroken = true
            return nil
        }
        var payload: UnsafeRawBufferPointer?
        let isWhole: Bool =
            switch tag & 7 {
            case 0: unsafe varint(byteCountMax: 10) != nil
            case 1: unsafe skip(8)
            case 2: unsafe take(&payload)
            case 5: unsafe skip(4)
            default: false
            }
        guard isWhole else {
            unsafe isBroken = true
            return nil
        }
        return unsafe Field(number: tag >> 3, payload: payload)
    }

    private mutating func skip(_ count: Int) -> Bool {
        guard unsafe rest.count >= count else { return false }
        unsafe rest = unsafe rest.dropFirst(count)
        return true
    }

    private mutating func take(_ payload: inout UnsafeRawBufferPointer?) -> Bool {
        guard let length = unsafe varint(byteCountMax: 5), unsafe length <= rest.count else { return false }
        unsafe payload = unsafe UnsafeRawBufferPointer(rebasing: rest.prefix(Int(length)))
        unsafe rest = unsafe rest.dropFirst(Int(length))
        return true
    }

    private mutating func varint(byteCountMax: Int) -> UInt64? {
        var value: UInt64 = 0
        var byteCount = 0
        while byteCount < byteCountMax, let byte = unsafe rest.popFirst() {
            value |= UInt64(byte & 0x7F) << UInt64(7 * byteCount)
            if byte & 0x80 == 0 { return value }
            byteCount += 1
        }
        return nil
    }
}
