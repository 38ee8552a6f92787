import ComputeMessages
import StatorObjects
import TestSupport
import Testing

@Suite struct JSONReadingTests {
    private func crate(_ json: String) throws -> Crate { try Crate(json: json) }

    @Test(arguments: 0..<messageTypes.count) func `what is written is read back as it was`(index: Int) throws {
        let type = messageTypes[index]
        var random = SeededGenerator(seed: UInt64(index))
        for round in 0..<40 {
            let sample =
                round % 4 == 0
                ? WireSample(of: type.schema, using: &random) : WireSample(someOf: type.schema, using: &random)
            let message = try type.init(decoding: sample.bytes)
            let text = message.json(revealingSensitiveValues: true)
            let again = try type.init(json: text)
            #expect(try again.encodedBytes() == message.encodedBytes())
            #expect(again.json(revealingSensitiveValues: true) == text)
            #expect(again.changedFields.isEmpty)
        }
    }

    @Test func `maps, all kinds of numbers, and times are read back`() throws {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            let crate = try Crate(decoding: WireSample(someOf: Crate.schema, using: &random).bytes)
            #expect(try Crate(json: crate.json(revealingSensitiveValues: true)) == crate)
        }
        var crate = Crate()
        crate.ratio = -.infinity
        #expect(crate.json() == #"{"ratio":"-Infinity"}"#)
        #expect(try Crate(json: crate.json()) == crate)
        #expect(try Crate(json: #"{"ratio":"NaN"}"#).ratio?.isNaN == true)
        #expect(try Crate(json: #"{"ratio":-1.5e3}"#).ratio == -1_500)
    }

    @Test func `order, white space, null and numbers as numbers make no difference`() throws {
        let text =
            " {\n\t\"weights\" : [ 1, \"-2\" ],\"comment\":\"\\u0041\\ud83e\\udd89\\/\","
            + "\r\"lid\":null, \"colour\":2} "
        let crate = try crate(text)
        #expect(crate.weights == [1, -2])
        #expect(crate.comment == "A🦉/")
        #expect(crate.colour == .green)
        #expect(crate.setFields == ["colour", "comment", "weights"])
    }

    static let faults: [(json: String, code: ObjectError.Code, field: String?)] = [
        ("", .invalidJSON, nil), ("[]", .invalidJSON, nil), ("{", .invalidJSON, nil), ("{}x", .invalidJSON, nil),
        (#"{"comment":"a"#, .invalidJSON, nil), ("{\"comment\":\"\n\"}", .invalidJSON, nil),
        (#"{"comment":"\x"}"#, .invalidJSON, nil), (#"{"comment":"\ud83e"}"#, .invalidJSON, nil),
        (#"{"comment":"\udd89"}"#, .invalidJSON, nil), (#"{"ratio":01}"#, .invalidJSON, nil),
        (#"{"ratio":+1}"#, .invalidJSON, nil), (#"{"ratio":.5}"#, .invalidJSON, nil),
        (#"{"ratio":1.}"#, .invalidJSON, nil),
        (#"{"ratio":nul}"#, .invalidJSON, nil), (#"{"ratio":1,}"#, .invalidJSON, nil),
        (#"{ratio:1}"#, .invalidJSON, nil),
        (#"{"weights":[1,]}"#, .invalidJSON, nil), (#"{"ratio":1,"ratio":1}"#, .invalidJSON, nil),
        (#"{"size":1}"#, .invalidJSON, "size"), (#"{"ratio":"1"}"#, .invalidJSON, "ratio"),
        (#"{"ratio":1e400}"#, .invalidJSON, "ratio"), (#"{"comment":1}"#, .invalidJSON, "comment"),
        (#"{"weights":1}"#, .invalidJSON, "weights"), (#"{"weights":[1.5]}"#, .invalidJSON, "weights"),
        (#"{"weights":["+1"]}"#, .invalidJSON, "weights"),
        (#"{"weights":[9223372036854775808]}"#, .invalidJSON, "weights"),
        (#"{"weights":[1,2,3,4,5]}"#, .tooLong, "weights"), (#"{"counts":{"a":1}}"#, .invalidJSON, "key"),
        (#"{"counts":{"2147483648":1}}"#, .invalidJSON, "key"), (#"{"labels":[]}"#, .invalidJSON, "labels"),
        (#"{"labels":{"a":1}}"#, .invalidJSON, "value"), (#"{"labels":{"a":"12345678901234567"}}"#, .tooLong, "labels"),
        (#"{"colour":"pink"}"#, .unknownEnumValue, "colour"), (#"{"colour":7}"#, .unknownEnumValue, "colour"),
        (#"{"uuid":"1"}"#, .invalidValue, "uuid"), (#"{"address":"10.0.0.256"}"#, .invalidValue, "address"),
        (#"{"password":"[masked]"}"#, .invalidJSON, "password"), (#"{"password":"12345678901"}"#, .tooLong, "password"),
        (#"{"lid":[]}"#, .invalidJSON, nil), (#"{"lid":{"name":""}}"#, .invalidValue, "name"),
        (#"{"lid":{"height":1}}"#, .invalidJSON, "height"),
    ]

    @Test(arguments: 0..<faults.count) func `anything else is refused by object and field`(index: Int) throws {
        let (json, code, field) = Self.faults[index]
        let error = try #require(throws: ObjectError.self) { try Crate(json: json) }
        #expect(error.code == code, "\(json): \(error)")
        #expect(error.field == field)
        #expect(error.object.hasPrefix("test."))
        #expect(error.message.contains("12345678901") == false)
    }

    @Test func `depth and length are bounded`() throws {
        let deep = String(repeating: #"{"field_16":"#, count: 33) + "{}" + String(repeating: "}", count: 33)
        let error = try #require(throws: ObjectError.self) { try EveryKind(json: deep) }
        #expect(error.code == .tooDeep)
        let endless = try #require(throws: ObjectError.self) { try Crate(json: String(repeating: "[", count: 100_000)) }
        #expect(endless.code == .invalidJSON)
        let long = #"{"comment":""# + String(repeating: "a", count: 8 << 20) + #""}"#
        #expect(throws: ObjectError.self) { try Crate(json: long) }
    }

    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.5Z", 500_000), ("1969-12-31T23:59:59.999999Z", -1),
            ("2000-02-29T12:00:00Z", 951_825_600_000_000), ("0000-03-01T00:00:00Z", -62_162_035_200_000_000),
            ("-0001-12-31T00:00:00Z", -62_167_305_600_000_000),
        ] as [(String, Int64)])
    func `times are read`(text: String, microseconds: Int64) {
        #expect(Timestamp(text) == Timestamp(microsecondsSinceEpoch: microseconds))
    }

    @Test func `every time that is written is read back`() {
        var random = SeededGenerator(seed: 1)
        for shift in 0..<64 as Range<UInt64> {
            for time in [Int64(bitPattern: random.next()) >> Int64(shift), .min, .max, .min + 1] {
                let timestamp = Timestamp(microsecondsSinceEpoch: time)
                #expect(Timestamp(timestamp.description) == timestamp)
            }
        }
    }

    @Test(arguments: [
        "", "1970-01-01", "1970-01-01T00:00:00", "1970-01-01 00:00:00Z", "1970-13-01T00:00:00Z", "1970-02-29T00:00:00Z",
        "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z", "1970-01-01T00:00:60Z", "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00.1234567Z", "1970-01-01T00:00:00+00:00", "-0000-01-01T00:00:00Z", "999999-01-01T00:00:00Z",
        "1970-1-1T00:00:00Z", "1970-01-01T00:00:00Zx",
    ])
    func `what is no time is refused`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test(arguments: ["A", "AA", "AAA", "AA=A", "AB==", "AAB=", "A===", "AA-_", "AA==AA=="])
    func `what is not in base64 is refused`(text: String) {
        #expect(throws: ObjectError.self) { try ConsoleOutput(json: #"{"data":"\#(text)"}"#) }
    }

    @Test func `a JSON Schema describes each field once`() {
        #expect(
            Part.schema.jsonSchema == """
                {"$schema":"https://json-schema.org/draft/2020-12/schema","$ref":"#/$defs/test.Part","$defs":{\
                "test.Part":{"$comment":"version 1.1","type":"object","properties":{\
                "name":{"type":"string","minLength":1,"maxLength":255},\
                "weight":{"type":"integer","minimum":0,"maximum":4294967295}},"additionalProperties":false}}}
                """)
        let crate = Crate.schema.jsonSchema
        #expect(crate.contains(#""password":{"type":"string","writeOnly":true}"#))
        #expect(crate.contains(#""colour":{"enum":["black","red","green","grey","silver"]}"#))
        let parts =
            ##""parts":{"type":"object","maxProperties":1024,"additionalProperties":{"$ref":"#/$defs/test.Part"}}"##
        #expect(crate.contains(parts))
        let weights = #""weights":{"type":"array","maxItems":4,"items":{"type":"string","pattern":"^-?[0-9]+$"}}"#
        #expect(crate.contains(weights))
        #expect(EveryKind.schema.jsonSchema.components(of: "\"test.EveryKind\":{") == 2)
    }
}

extension String {
    fileprivate func components(of separator: String) -> Int {
        split(separator: separator, omittingEmptySubsequences: false).count
    }
}
