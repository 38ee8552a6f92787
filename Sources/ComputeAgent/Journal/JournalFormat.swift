/// The bytes of a report journal. A value: reads and writes arrays, never files.
///
/// A file is a header, `"STATORJ1"` and the sequence number before its first entry, then entries. Header and entry
/// heads carry a CRC-32 of themselves, an entry also one of its payload; numbers are little-endian.
/// ```
/// header: magic 8 | base sequence 8 | crc of both 4
/// entry:  magic 4 | sequence 8 | payload length 4 | payload crc 4 | crc of the four 4 | payload
/// ```
package enum JournalFormat {
    package struct Entry: Equatable, Sendable {
        package var sequence: UInt64
        package var payload: [UInt8]

        package init(sequence: UInt64, payload: [UInt8]) {
            self.sequence = sequence
            self.payload = payload
        }
    }

    /// What a file holds: its entries, and how many of its bytes are whole.
    package struct Contents: Equatable, Sendable {
        package var base: UInt64
        package var entries: [Entry]
        /// What follows was being written when the machine or the agent stopped, and is to be cut off.
        package var wholeLength: Int

        package var lastSequence: UInt64 { entries.last?.sequence ?? base }
    }

    package static let payloadLengthMax = 1 << 20
    static let headerLength = 20
    static let entryHeadLength = 24
    private static let headerMagic = Array("STATORJ1".utf8)
    private static let entryMagic: UInt32 = 0x4A52_5453

    package static func header(base: UInt64) -> [UInt8] {
        let head = headerMagic + littleEndian(base)
        return head + littleEndian(CRC32.checksum(head))
    }

    package static func encode(_ entry: Entry) -> [UInt8] {
        let head =
            littleEndian(entryMagic) + littleEndian(entry.sequence) + littleEndian(UInt32(entry.payload.count))
            + littleEndian(CRC32.checksum(entry.payload))
        return head + littleEndian(CRC32.checksum(head)) + entry.payload
    }

    /// Reads a file. A torn tail is told by `wholeLength`; damage before a whole entry is an error, since a
    /// report that the host has promised would be lost.
    ///
    /// - Parameter path: For the error's sentence.
    package static func decode(_ bytes: [UInt8], path: String) throws(AgentError) -> Contents {
        guard bytes.count >= headerLength, Array(bytes[..<8]) == headerMagic,
            CRC32.checksum(bytes[..<16]) == number32(bytes, at: 16)
        else {
            throw AgentError(.corrupt, "\(path) is not a report journal or its header is damaged; \(advice)")
        }
        var contents = Contents(base: number64(bytes, at: 8), entries: [], wholeLength: headerLength)
        while contents.wholeLength < bytes.count {
            guard let entry = entry(in: bytes, at: contents.wholeLength),
                entry.sequence == contents.lastSequence &+ 1
            else {
                if holdsWholeEntry(bytes, from: contents.wholeLength) {
                    throw AgentError(
                        .corrupt,
                        "\(path) is damaged at byte \(contents.wholeLength), before reports that are whole; \(advice)")
                }
                break
            }
            contents.entries.append(entry)
            contents.wholeLength += entryHeadLength + entry.payload.count
        }
        return contents
    }

    private static let advice =
        "restore it from a copy, or move the state directory away and have the host's record removed"

    /// The whole, undamaged entry that begins at an offset.
    private static func entry(in bytes: [UInt8], at offset: Int) -> Entry? {
        guard bytes.count - offset >= entryHeadLength, number32(bytes, at: offset) == entryMagic,
            CRC32.checksum(bytes[offset..<offset + 20]) == number32(bytes, at: offset + 20)
        else { return nil }
        let length = Int(number32(bytes, at: offset + 12))
        let start = offset + entryHeadLength
        guard length <= payloadLengthMax, bytes.count - start >= length else { return nil }
        let payload = Array(bytes[start..<start + length])
        guard CRC32.checksum(payload) == number32(bytes, at: offset + 16) else { return nil }
        return Entry(sequence: number64(bytes, at: offset + 4), payload: payload)
    }

    private static func holdsWholeEntry(_ bytes: [UInt8], from offset: Int) -> Bool {
        let first = UInt8(truncatingIfNeeded: entryMagic)
        return bytes.indices.dropFirst(offset).contains { bytes[$0] == first && entry(in: bytes, at: $0) != nil }
    }

    private static func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    private static func number32(_ bytes: [UInt8], at offset: Int) -> UInt32 {
        bytes[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func number64(_ bytes: [UInt8], at offset: Int) -> UInt64 {
        bytes[offset..<offset + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
