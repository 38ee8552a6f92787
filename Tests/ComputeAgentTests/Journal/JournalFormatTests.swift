import ComputeAgent
import Testing

@Suite struct JournalFormatTests {
    private static let entries = [
        JournalFormat.Entry(sequence: 8, payload: Array("first".utf8)),
        JournalFormat.Entry(sequence: 9, payload: []),
        JournalFormat.Entry(sequence: 10, payload: [UInt8](repeating: 7, count: 300)),
    ]
    private static let file = JournalFormat.header(base: 7) + entries.flatMap(JournalFormat.encode)

    /// Where each entry ends.
    private static var boundaries: [Int] {
        var end = JournalFormat.header(base: 7).count
        return [end]
            + entries.map { entry in
                end += JournalFormat.encode(entry).count
                return end
            }
    }

    @Test func `what was written is read again`() throws {
        let contents = try JournalFormat.decode(Self.file, path: "j")
        #expect(contents.base == 7)
        #expect(contents.entries == Self.entries)
        #expect(contents.wholeLength == Self.file.count)
        #expect(contents.lastSequence == 10)
    }

    @Test func `an empty journal knows its last number`() throws {
        let contents = try JournalFormat.decode(JournalFormat.header(base: 41), path: "j")
        #expect(contents.lastSequence == 41)
        #expect(contents.entries.isEmpty)
    }

    @Test func `a tail torn at any byte loses only the entry that was being written`() throws {
        let boundaries = Self.boundaries
        for length in boundaries[0]..<Self.file.count {
            let contents = try JournalFormat.decode(Array(Self.file[..<length]), path: "j")
            let whole = boundaries.lastIndex { $0 <= length } ?? 0
            #expect(contents.entries == Array(Self.entries[..<whole]))
            #expect(contents.wholeLength == boundaries[whole])
        }
    }

    @Test func `a tail of zeros, as a power cut leaves it, is cut off`() throws {
        let bytes = Self.file + [UInt8](repeating: 0, count: 500)
        #expect(try JournalFormat.decode(bytes, path: "j").wholeLength == Self.file.count)
    }

    @Test func `damage at any byte before a whole entry is refused`() throws {
        let lastBegin = Self.boundaries[2]
        for index in 0..<lastBegin {
            var bytes = Self.file
            bytes[index] ^= 0x40
            #expect(throws: AgentError.self, "byte \(index)") { try JournalFormat.decode(bytes, path: "j") }
        }
    }

    @Test func `a missing entry in the middle is refused`() throws {
        let bytes =
            JournalFormat.header(base: 7) + JournalFormat.encode(Self.entries[0])
            + JournalFormat.encode(Self.entries[2])
        let error = #expect(throws: AgentError.self) { try JournalFormat.decode(bytes, path: "/state/journal") }
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains("/state/journal") == true)
    }

    @Test func `a torn header is refused, since a header is replaced in one piece`() {
        for length in 0..<JournalFormat.header(base: 7).count {
            #expect(throws: AgentError.self) { try JournalFormat.decode(Array(Self.file[..<length]), path: "j") }
        }
    }
}
