/// A JSON text, taken apart; numbers stay as they are written, so that none is rounded.
enum JSONValue {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    /// Members in the order of the text; no name comes twice.
    case object([(name: String, value: JSONValue)])

    /// Why a text is no JSON, or none that is taken.
    struct ParseError: Error {
        let reason: String
        /// Of the byte where it was found out.
        let offset: Int
    }

    /// The greatest length of a text, in bytes.
    static let textLengthMax = 8 << 20
    /// How deep arrays and objects may be nested: a message of the greatest depth, each in a list.
    static let depthMax = 2 * MessageLimits.nestingDepthMax

    /// Reads a whole text, strictly after RFC 8259.
    init(_ text: String) throws(ParseError) {
        guard text.utf8.count <= Self.textLengthMax else {
            throw ParseError(reason: "is longer than \(Self.textLengthMax) bytes", offset: Self.textLengthMax)
        }
        var parser = JSONParser(bytes: Array(text.utf8))
        self = try parser.whole()
    }
}

private struct JSONParser {
    private let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func whole() throws(JSONValue.ParseError) -> JSONValue {
        let value = try value(depth: 1)
        skipSpace()
        guard position == bytes.count else { throw fault("goes on after its end") }
        return value
    }

    private func fault(_ reason: String) -> JSONValue.ParseError {
        JSONValue.ParseError(reason: reason, offset: position)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONValue.ParseError) -> JSONValue {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case nil: throw fault("ends early")
        case let byte? where byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte):
            return .number(try number())
        default: throw fault("has a character that begins no value")
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONValue.ParseError) -> JSONValue {
        let characters = Array(word.description.utf8)
        guard bytes[position...].starts(with: characters) else { throw fault("has a word that is none") }
        position += characters.count
        return value
    }

    private mutating func array(depth: Int) throws(JSONValue.ParseError) -> JSONValue {
        guard depth <= JSONValue.depthMax else { throw fault("is nested deeper than \(JSONValue.depthMax)") }
        position += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take("]") { return .array([]) }
        repeat {
            elements.append(try value(depth: depth + 1))
            skipSpace()
        } while take(",")
        guard take("]") else { throw fault("has an array that does not end") }
        return .array(elements)
    }

    private mutating func object(depth: Int) throws(JSONValue.ParseError) -> JSONValue {
        guard depth <= JSONValue.depthMax else { throw fault("is nested deeper than \(JSONValue.depthMax)") }
        position += 1
        var members: [(name: String, value: JSONValue)] = []
        var names: Set<String> = []
        skipSpace()
        if take("}") { return .object([]) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw fault("has a member without a name") }
            let name = try string()
            guard names.insert(name).inserted else { throw fault("has a member twice") }
            skipSpace()
            guard take(":") else { throw fault("has a member without a value") }
            members.append((name, try value(depth: depth + 1)))
            skipSpace()
        } while take(",")
        guard take("}") else { throw fault("has an object that does not end") }
        return .object(members)
    }

    private mutating func number() throws(JSONValue.ParseError) -> String {
        let start = position
        _ = take("-")
        guard take("0") || digits() else { throw fault("has a number that is none") }
        if take(".") {
            guard digits() else { throw fault("has a number that is none") }
        }
        if take("e") || take("E") {
            _ = take("+") || take("-")
            guard digits() else { throw fault("has a number that is none") }
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// At least one digit.
    private mutating func digits() -> Bool {
        let start = position
        while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
        return position > start
    }

    private mutating func string() throws(JSONValue.ParseError) -> String {
        position += 1
        var utf8: [UInt8] = []
        while let byte = next, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw fault("has a control character in a string") }
            position += 1
            if byte == UInt8(ascii: "\\") {
                utf8 += UTF8.encode(try escaped()).map(Array.init) ?? []
            } else {
                utf8.append(byte)
            }
        }
        guard take("\"") else { throw fault("has a string that does not end") }
        // Made of a string and of scalars, so it is UTF-8.
        return String(decoding: utf8, as: UTF8.self)
    }

    private mutating func escaped() throws(JSONValue.ParseError) -> Unicode.Scalar {
        guard let byte = next else { throw fault("has a string that does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw fault("has an escape that is none")
        }
        let unit = try hexadecimalUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        // Outside of the basic plane two units stand for a scalar.
        guard unit < 0xDC00, take("\\"), take("u") else { throw fault("has half of a character") }
        let low = try hexadecimalUnit()
        guard low >= 0xDC00, low < 0xE000,
            let scalar = Unicode.Scalar(0x1_0000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00))
        else { throw fault("has half of a character") }
        return scalar
    }

    private mutating func hexadecimalUnit() throws(JSONValue.ParseError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = hexadecimalValue(byte) else { throw fault("has an escape that is none") }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }
}
