/// Appends values in PostgreSQL's binary forms.
struct BinaryWriter {
    private(set) var bytes: [UInt8] = []

    mutating func reserveCapacity(_ count: Int) {
        bytes.reserveCapacity(count)
    }

    mutating func write(_ value: some FixedWidthInteger) {
        var shift = value.bitWidth
        while shift > 0 {
            shift -= 8
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    mutating func write(_ value: PostgresUUID) {
        write(value.high)
        write(value.low)
    }

    mutating func write(_ value: [UInt8]) {
        bytes.append(contentsOf: value)
    }

    /// Refuses a NUL, which no text in PostgreSQL can hold.
    mutating func write(_ value: String) throws(PostgresError) {
        let start = bytes.count
        bytes.append(contentsOf: value.utf8)
        guard !bytes[start...].contains(0) else {
            throw PostgresError(.invalidParameter, "a text for the database contains a NUL")
        }
    }

    /// One dimension, counted from 1, without nulls.
    mutating func writeArray<Element>(
        _ values: [Element],
        of typeID: UInt32,
        _ writeElement: (inout BinaryWriter, Element) throws(PostgresError) -> Void
    ) throws(PostgresError) {
        write(Int32(values.isEmpty ? 0 : 1))
        write(Int32(0))
        write(typeID)
        guard !values.isEmpty else { return }
        write(Int32(truncatingIfNeeded: values.count))
        write(Int32(1))
        for value in values {
            let lengthOffset = bytes.count
            write(Int32(0))
            try writeElement(&self, value)
            let length = Int32(truncatingIfNeeded: bytes.count - lengthOffset - 4)
            for index in 0..<4 {
                bytes[lengthOffset + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * index))
            }
        }
    }
}
