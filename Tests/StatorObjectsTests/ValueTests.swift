import StatorObjects
import Testing

@Suite struct ObjectIDTests {
    @Test func `the text, the bytes and the words are the same number`() throws {
        let text = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
        let identifier = try #require(ObjectID(text))
        #expect(identifier.high == 0xf81d_4fae_7dec_11d0)
        #expect(identifier.low == 0xa765_00a0_c91e_6bf6)
        #expect(identifier.description == text)
        #expect(ObjectID(text.uppercased()) == identifier)
        #expect(identifier.bytes.prefix(4) == [0xf8, 0x1d, 0x4f, 0xae])
        #expect(ObjectID(bytes: identifier.bytes) == identifier)
    }

    @Test(arguments: [
        "", "f81d4fae7dec11d0a76500a0c91e6bf6", "f81d4fae-7dec-11d0-a765-00a0c91e6bf",
        "f81d4fae-7dec-11d0-a765-00a0c91e6bf60",
        "f81d4fae-7dec-11d0-a76500a0c91e6bf6-", "g81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "{81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    ])
    func `what is no UUID is refused`(text: String) {
        #expect(ObjectID(text) == nil)
    }

    @Test func `only 16 bytes are a UUID`() {
        #expect(ObjectID(bytes: [UInt8](repeating: 0, count: 15)) == nil)
        #expect(ObjectID(bytes: [UInt8](repeating: 0, count: 17)) == nil)
    }

    @Test func `random ones are of version 4 and differ`() {
        let identifiers = (0..<100).map { _ in ObjectID.random() }
        #expect(Set(identifiers).count == 100)
        #expect(identifiers.allSatisfy { $0.high >> 12 & 0xF == 4 && $0.low >> 62 == 2 })
    }

    @Test func `the order is that of the bytes`() {
        #expect(ObjectID(high: 1, low: .max) < ObjectID(high: 2, low: 0))
        #expect(ObjectID(high: 1, low: 1) < ObjectID(high: 1, low: 2))
    }
}

@Suite struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z"), (1, "1970-01-01T00:00:00.000001Z"), (-1, "1969-12-31T23:59:59.999999Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00Z"), (1_709_251_199_500_000, "2024-02-29T23:59:59.500000Z"),
        (4_107_542_400_000_000, "2100-03-01T00:00:00Z"), (-62_135_596_800_000_000, "0001-01-01T00:00:00Z"),
        (Int64.max, "294247-01-10T04:00:54.775807Z"), (Int64.min, "-290308-12-21T19:59:05.224192Z"),
    ])
    func `a moment is written in ISO 8601`(microseconds: Int64, text: String) {
        #expect(Timestamp(microsecondsSinceEpoch: microseconds).description == text)
    }

    @Test func `the clock goes forward`() {
        let earlier = Timestamp.now()
        #expect(earlier.microsecondsSinceEpoch > 1_700_000_000_000_000)
        #expect(Timestamp.now() >= earlier)
    }

    @Test func `a duration moves it, up to the ends`() {
        let moment = Timestamp(microsecondsSinceEpoch: 1_000_000)
        #expect(moment.advanced(by: .milliseconds(1_500)).microsecondsSinceEpoch == 2_500_000)
        #expect(moment.advanced(by: .seconds(-2)).microsecondsSinceEpoch == -1_000_000)
        #expect(moment.advanced(by: .seconds(Int64.max)).microsecondsSinceEpoch == .max)
        #expect(moment.duration(since: Timestamp(microsecondsSinceEpoch: 0)) == .seconds(1))
    }
}

@Suite struct ObjectVersionTests {
    @Test(arguments: ["1.0", "0.0", "65535.65535"]) func `major and minor are read`(text: String) {
        #expect(ObjectVersion(text)?.description == text)
    }

    @Test(arguments: ["", "1", "1.", ".1", "1.0.0", "01.0", "1.-1", "1.65536", "a.b", "1. 0", "+1.0"])
    func `anything else is refused`(text: String) {
        #expect(ObjectVersion(text) == nil)
    }

    @Test func `the order is by major, then by minor`() {
        #expect(ObjectVersion(1, 9) < ObjectVersion(2, 0))
        #expect(ObjectVersion(1, 9) < ObjectVersion(1, 10))
    }
}

@Suite struct ManifestTests {
    private let manifest = Manifest(["b.B": ObjectVersion(1, 2), "a.A": ObjectVersion(1, 0)])

    @Test func `the canonical form is sorted lines and is read back`() throws {
        #expect(String(decoding: manifest.canonicalBytes, as: UTF8.self) == "a.A 1.0\nb.B 1.2\n")
        #expect(try Manifest(canonicalBytes: manifest.canonicalBytes) == manifest)
        #expect(try Manifest(canonicalBytes: []) == Manifest([:]))
    }

    @Test(arguments: [
        "a.A 1.0", "\n", "a.A 1.0\n\n", "a.A\n", "a.A 1\n", "a.A  1.0\n", " 1.0\n", "a.A 1.0 \n", "b 1.0\na 1.0\n",
        "a 1.0\na 1.0\n", "a\0 1.0\n", "ä 1.0\n",
    ])
    func `any other form is refused`(text: String) throws {
        let error = try #require(throws: ObjectError.self) { try Manifest(canonicalBytes: Array(text.utf8)) }
        #expect(error.code == .invalidManifest)
    }

    @Test func `length and number of objects are bounded`() {
        let many = (0..<1_025).map { "n\(10_000 + $0) 1.0\n" }.joined()
        #expect(throws: ObjectError.self) { try Manifest(canonicalBytes: Array(many.utf8)) }
        let long = [UInt8](repeating: 0x61, count: 65_537)
        #expect(throws: ObjectError.self) { try Manifest(canonicalBytes: long) }
        let name = String(repeating: "n", count: 256)
        #expect(throws: ObjectError.self) { try Manifest(canonicalBytes: Array("\(name) 1.0\n".utf8)) }
    }
}
