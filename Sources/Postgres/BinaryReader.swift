/// Reads values in PostgreSQL's binary forms.
///
/// Safe only because it is made nowhere but in the closures to which `ResultHandle` lends the bytes, and stays there.
@safe
struct BinaryReader {
    private var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        unsafe rest = bytes
    }

    var isAtEnd: Bool { unsafe rest.isEmpty }

    mutating func integer<Value: FixedWidthInteger>() throws(PostgresError) -> Value {
        let size = MemoryLayout<Value>.size
        guard unsafe rest.count >= size else {
            throw PostgresError(.decoding, "a value of the database is shorter than its type")
        }
        let value = unsafe rest.loadUnaligned(as: Value.self)
        unsafe rest = UnsafeRawBufferPointer(rebasing: rest[size...])
        return Value(bigEndian: value)
    }

    mutating func slice(_ count: Int) throws(PostgresError) -> BinaryReader {
        guard unsafe rest.count >= count else {
            throw PostgresError(.decoding, "a value of the database is shorter than its type")
        }
        let slice = unsafe UnsafeRawBufferPointer(rebasing: rest[..<count])
        unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        return unsafe BinaryReader(slice)
    }

    /// What is left, to the end.
    mutating func bytes() -> [UInt8] {
        defer { unsafe rest = UnsafeRawBufferPointer(start: nil, count: 0) }
        return unsafe Array(rest)
    }

    /// What is left, to the end; the server has checked that it is UTF-8.
    mutating func text() -> String {
        defer { unsafe rest = UnsafeRawBufferPointer(start: nil, count: 0) }
        return unsafe String(decoding: rest, as: UTF8.self)
    }
}
