import StatorObjects
import TestSupport
import Testing

@Suite struct EnumLoweringTests {
    private func receiver(_ minor: UInt16) -> Manifest {
        Manifest(["test.Crate": ObjectVersion(1, minor), "test.Part": ObjectVersion(1, 1)])
    }

    private func lowered(_ crate: Crate, to minor: UInt16) throws -> Crate {
        try Crate(decoding: crate.encodedBytes(for: receiver(minor)), from: receiver(minor))
    }

    // What the receiver of 1.0, 1.1, 1.2, 1.3 reads.
    static let table: [(sent: Crate.Colour, read: [Crate.Colour?])] = [
        (.black, [.black, .black, .black, .black]),
        (.red, [.black, .red, .red, .red]),
        (.green, [.black, .red, .green, .green]),
        (.grey, [nil, nil, .grey, .grey]),
        (.silver, [nil, nil, .grey, .silver]),
    ]

    @Test(arguments: 0..<4) func `a value is sent as the first of its stand-ins that is known`(minor: Int) throws {
        for (sent, read) in Self.table {
            var crate = Crate()
            crate.colour = sent
            let lowered = try lowered(crate, to: UInt16(minor))
            #expect(lowered.colour == read[minor])
            #expect(lowered.isSet("colour") == (read[minor] != nil))
        }
    }

    @Test(arguments: 0..<4) func `in lists and maps what has no stand-in goes, and the rest stays`(minor: Int) throws {
        var crate = Crate()
        crate.history = Self.table.map(\.sent)
        crate.colours = Dictionary(uniqueKeysWithValues: Self.table.map { ($0.sent.description, $0.sent) })
        let lowered = try lowered(crate, to: UInt16(minor))
        #expect(lowered.history == Self.table.compactMap { $0.read[minor] })
        #expect(
            lowered.colours
                == Dictionary(
                    uniqueKeysWithValues: Self.table.compactMap { row in
                        row.read[minor].map { (row.sent.description, $0) }
                    }))
        #expect(crate.history == Self.table.map(\.sent))
        #expect(crate.colours["green"] == .green)
    }

    @Test func `a list or map of which nothing can be said is not set`() throws {
        var crate = Crate()
        crate.history = [.grey, .silver]
        crate.colours = ["a": .grey]
        #expect(try lowered(crate, to: 0) == Crate())
    }

    @Test func `without a stand-in the field's rule counts, and the error names the value`() throws {
        var crate = Crate()
        crate.strictColour = .green
        #expect(try lowered(crate, to: 0).strictColour == .black)
        crate.strictColour = .silver
        #expect(try lowered(crate, to: 2).strictColour == .grey)
        let error = try #require(throws: ObjectError.self) { try crate.encodedBytes(for: receiver(1)) }
        #expect(error.code == .lostInLowering)
        #expect(error.field == "strict_colour")
        #expect(error.value == "silver")
        #expect(
            error.message
                == "test.Crate 1.3 cannot be sent to a receiver of version 1.1: "
                + "its field strict_colour is silver, which that version lacks.")
        #expect(try #require(throws: ObjectError.self) { try crate.canLower(to: receiver(1)) } == error)
        try crate.canLower(to: receiver(2))
        try crate.canLower(to: receiver(3))
    }

    @Test func `the value of a sensitive field is not in the error`() throws {
        var crate = Crate()
        crate.strictColours = ["a": .black, "b": .grey]
        let error = try #require(throws: ObjectError.self) { try crate.canLower(to: receiver(0)) }
        #expect(error.field == "strict_colours")
        #expect(error.value == "[masked]")
        #expect(error.message.contains("grey") == false)
        crate.strictColours = ["a": .black, "b": .green]
        #expect(try lowered(crate, to: 0).strictColours == ["a": .black, "b": .black])
    }

    @Test func `a chain that comes back to itself has no stand-in`() {
        let schema = EnumSchema(
            name: "test.Circle",
            values: [
                EnumValueSchema(0, "a", since: ObjectVersion(1, 1), loweredAs: 1),
                EnumValueSchema(1, "b", since: ObjectVersion(1, 1), loweredAs: 0),
                EnumValueSchema(2, "c", since: ObjectVersion(1, 1), loweredAs: 9),
            ])
        #expect(schema.lowered(0, to: ObjectVersion(1, 0)) == nil)
        #expect(schema.lowered(2, to: ObjectVersion(1, 0)) == nil)
        #expect(schema.lowered(9, to: ObjectVersion(1, 0)) == 9)
        #expect(schema.lowered(0, to: ObjectVersion(1, 1)) == 0)
    }

    @Test func `a number that a newer sender knows is kept, and described as the number`() throws {
        var sample = WireSample()
        sample.field(7, varint: 77)
        sample.field(9, varint: 0)
        sample.field(9, varint: 78)
        sample.field(4, bytes: [0x0A, 0x01, 0x61, 0x10, 0x09])
        let newer = Manifest(["test.Crate": ObjectVersion(1, 4)])
        var crate = try Crate(decoding: sample.bytes, from: newer)
        #expect(crate.colour == nil)
        #expect(crate.setFields == ["colours", "colour", "history"])
        let text = #"{"colours":{"a":9},"colour":77,"history":["black",78]"#
        #expect(crate.jsonDescription == text + "}")
        crate.comment = "written around it"
        let again = try Crate(decoding: crate.encodedBytes(for: receiver(0)), from: newer)
        #expect(again.jsonDescription == text + #","comment":"written around it"}"#)
        try crate.validate()
        for sender in [nil, receiver(3), receiver(1)] {
            let error = try #require(throws: ObjectError.self) { try Crate(decoding: sample.bytes, from: sender) }
            #expect(error.code == .unknownEnumValue)
        }
    }
}
