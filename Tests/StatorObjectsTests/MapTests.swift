import ComputeMessages
import StatorObjects
import TestSupport
import Testing

@Suite struct MapTests {
    private func entry(_ fill: (inout WireSample) -> Void) -> [UInt8] {
        var sample = WireSample()
        fill(&sample)
        return sample.bytes
    }

    private func label(_ key: String, _ value: String) -> [UInt8] {
        entry { sample in
            sample.field(1, bytes: Array(key.utf8))
            sample.field(2, bytes: Array(value.utf8))
        }
    }

    private func part(_ name: String, weight: UInt32? = nil) -> Part {
        var part = Part()
        part.name = name
        part.weight = weight
        return part
    }

    private func sampleCrate() -> Crate {
        var crate = Crate()
        crate.labels = ["b": "2", "a": "1", "": ""]
        crate.counts = [-1: 0, 7: .max, .min: 5]
        crate.colours = ["sky": .grey, "sun": .red]
        crate.parts = ["left": part("wheel", weight: 3), "right": part("axle")]
        crate.owners = [9: ObjectID(high: 1, low: 2)]
        return crate
    }

    @Test func `maps of every kind are read back, also after a trip`() throws {
        let crate = sampleCrate()
        for crate in [crate, try Crate(decoding: crate.encodedBytes())] {
            #expect(crate.labels == ["b": "2", "a": "1", "": ""])
            #expect(crate.counts == [-1: 0, 7: .max, .min: 5])
            #expect(crate.colours == ["sky": .grey, "sun": .red])
            #expect(crate.parts["left"]?.weight == 3)
            #expect(crate.parts["right"]?.name == "axle")
            #expect(crate.parts.count == 2)
            #expect(crate.owners == [9: ObjectID(high: 1, low: 2)])
            #expect(crate.setFields == ["labels", "counts", "colours", "parts", "owners"])
        }
        #expect(try Crate(decoding: crate.encodedBytes()) == crate)
    }

    @Test func `entries are encoded in the order of their keys, whatever order they came in`() throws {
        var sample = WireSample()
        for (key, value) in [("b", "2"), ("ab", "3"), ("a", "1"), ("", "0")] {
            sample.field(2, bytes: label(key, value))
        }
        for number in [UInt64(bitPattern: -1), 1, UInt64(bitPattern: -7), 0] {
            sample.field(
                3,
                bytes: entry {
                    $0.field(1, varint: number); $0.field(2, varint: 1)
                })
        }
        var expected = WireSample()
        for (key, value) in [("", "0"), ("a", "1"), ("ab", "3"), ("b", "2")] {
            expected.field(2, bytes: label(key, value))
        }
        for number in [UInt64(bitPattern: -7), UInt64(bitPattern: -1), 0, 1] {
            expected.field(
                3,
                bytes: entry {
                    $0.field(1, varint: number); $0.field(2, varint: 1)
                })
        }
        let decoded = try Crate(decoding: sample.bytes)
        #expect(try decoded.encodedBytes() == expected.bytes)
        var crate = Crate()
        crate.labels = ["b": "2", "a": "1", "": "0", "ab": "3"]
        crate.counts = [-1: 1, 1: 1, -7: 1, 0: 1]
        #expect(crate == decoded)
        #expect(try crate.encodedBytes() == expected.bytes)
    }

    @Test func `the last entry of a key counts, and what is missing in an entry is its default`() throws {
        var sample = WireSample()
        sample.field(2, bytes: label("a", "first"))
        sample.field(2, bytes: label("b", "other"))
        sample.field(2, bytes: label("a", "second"))
        sample.field(2, bytes: label("a", "last"))
        sample.field(2, bytes: [])
        sample.field(3, bytes: entry { $0.field(2, varint: 4) })
        sample.field(5, bytes: entry { $0.field(1, bytes: Array("p".utf8)) })
        let crate = try Crate(decoding: sample.bytes)
        #expect(crate.labels == ["a": "last", "b": "other", "": ""])
        #expect(crate.counts == [0: 4])
        #expect(crate.parts == ["p": Part()])
    }

    @Test func `setting an equal map changes nothing, another one does`() throws {
        var crate = try Crate(decoding: sampleCrate().encodedBytes())
        crate.labels = crate.labels
        crate.counts = [7: .max, .min: 5, -1: 0]
        crate.parts = crate.parts
        crate.owners[9] = ObjectID(high: 1, low: 2)
        #expect(crate.changedFields.isEmpty)
        crate.labels["b"] = "3"
        crate.parts["left"]?.weight = 4
        crate.owners[9] = nil
        #expect(crate.changedFields == ["labels", "parts", "owners"])
        #expect(crate.isSet("owners") == false)
        #expect(crate.parts["left"]?.weight == 4)
        #expect(crate.labels == ["a": "1", "b": "3", "": ""])
    }

    @Test func `a copy, and a value taken out, stay what they were`() {
        var crate = sampleCrate()
        let copy = crate
        let wheel = crate.parts["left"]
        crate.parts = [:]
        crate.labels["a"] = "changed"
        #expect(copy == sampleCrate())
        #expect(wheel == part("wheel", weight: 3))
    }

    @Test func `a map goes into JSON as an object, and is masked as a whole`() {
        var crate = sampleCrate()
        crate.strictColours = ["secret": .red]
        #expect(
            crate.jsonDescription == """
                {"labels":{"":"","a":"1","b":"2"},\
                "counts":{"-2147483648":"5","-1":"0","7":"18446744073709551615"},\
                "colours":{"sky":"grey","sun":"red"},\
                "parts":{"left":{"name":"wheel","weight":3},"right":{"name":"axle"}},\
                "owners":{"9":"00000000-0000-0001-0000-000000000002"},\
                "strict_colours":"[masked]"}
                """)
    }

    static let badEntries: [(number: UInt32, bytes: [UInt8], field: String, message: String)] = [
        (2, [0x0A, 0x01, 0xFF], "labels", "test.Crate.labels has a key that is not UTF-8."),
        (2, [0x12, 0x01, 0xFF], "labels", "test.Crate.labels has a value that is not UTF-8."),
        (
            2, [0x12, 17] + [UInt8](repeating: 0x61, count: 17), "labels",
            "test.Crate.labels has a value that has 17 bytes; at most 16."
        ),
        (
            2, [0x0A, 0x80, 0x02] + [UInt8](repeating: 0x61, count: 256), "labels",
            "test.Crate.labels has a key that has 256 bytes; at most 255."
        ),
        (
            6, [0x12, 0x01, 0x01], "owners", "test.Crate.owners has a value that is a UUID of 1 bytes instead of 16."
        ),
        (
            4, [0x10, 0x09], "colours", "test.Crate.colours has a value that is 9, which test.Crate.Colour lacks."
        ),
    ]

    @Test(arguments: 0..<badEntries.count) func `a bad entry is refused by the map's name`(index: Int) throws {
        let (number, bytes, field, message) = Self.badEntries[index]
        var sample = WireSample()
        sample.field(number, bytes: bytes)
        let error = try #require(throws: ObjectError.self) { try Crate(decoding: sample.bytes) }
        #expect(error.object == "test.Crate")
        #expect(error.field == field)
        #expect(error.message == message)
    }

    @Test func `a fault in a value that is an object keeps that object's name`() throws {
        var sample = WireSample()
        sample.field(5, bytes: entry { $0.field(2, bytes: [0x0A, 0x01, 0x0A]) })
        let error = try #require(throws: ObjectError.self) { try Crate(decoding: sample.bytes) }
        #expect(error.object == "test.Part")
        #expect(error.field == "name")
    }

    @Test func `too many entries are refused, decoded or set`() throws {
        var sample = WireSample()
        for number in 0..<9 { sample.field(2, bytes: label("\(number)", "")) }
        let error = try #require(throws: ObjectError.self) { try Crate(decoding: sample.bytes) }
        #expect(error.message == "test.Crate.labels has 9 elements; at most 8.")
        var crate = Crate()
        crate.labels = Dictionary(uniqueKeysWithValues: (0..<9).map { ("\($0)", "") })
        #expect(throws: ObjectError.self) { try crate.encodedBytes() }
    }

    @Test func `a NUL in a key or value is part of it`() throws {
        var crate = Crate()
        crate.labels = ["a\0b": "c\0d", "a": "e"]
        #expect(try Crate(decoding: crate.encodedBytes()).labels == ["a\0b": "c\0d", "a": "e"])
    }

    @Test func `values that are objects are lowered inside the map`() throws {
        let receiver = Manifest(["test.Crate": ObjectVersion(1, 3), "test.Part": ObjectVersion(1, 0)])
        var expected = sampleCrate()
        expected.parts["left"]?.weight = nil
        #expect(try Crate(decoding: sampleCrate().encodedBytes(for: receiver)) == expected)
        #expect(throws: ObjectError.self) {
            try sampleCrate().encodedBytes(for: Manifest(["test.Crate": ObjectVersion(1, 3)]))
        }
    }
}
