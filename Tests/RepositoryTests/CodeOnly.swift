/// Swift source with comments and literals blanked, so that a rule about code isn't broken by a sentence about code.
///
/// Works on bytes: everything that delimits code is ASCII.
struct CodeOnly {
    private let source: [UInt8]
    private var position = 0
    private var result: [UInt8] = []

    static func of(_ text: String) -> String {
        var scanner = CodeOnly(text)
        scanner.copyCode(isInterpolation: false)
        return String(decoding: scanner.result, as: UTF8.self)
    }

    private init(_ text: String) {
        source = Array(text.utf8)
        result.reserveCapacity(source.count)
    }

    private func byte(at offset: Int) -> UInt8 {
        position + offset < source.count ? source[position + offset] : 0
    }

    /// Copies code up to the end, or up to the parenthesis that closes an interpolation.
    private mutating func copyCode(isInterpolation: Bool) {
        var depth = 0
        while position < source.count {
            switch (source[position], byte(at: 1)) {
            case ("/", "/"):
                while position < source.count, source[position] != "\n" { blank(1) }
            case ("/", "*"):
                blankBlockComment()
            case ("\"", _), ("#", "\""), ("#", "#"):
                blankString()
            case ("(", _):
                depth += 1
                copy()
            case (")", _):
                depth -= 1
                if isInterpolation, depth < 0 { return }
                copy()
            default:
                copy()
            }
        }
    }

    private mutating func blankBlockComment() {
        var depth = 0
        repeat {
            switch (source[position], byte(at: 1)) {
            case ("/", "*"):
                depth += 1
                blank(2)
            case ("*", "/"):
                depth -= 1
                blank(2)
            default:
                blank(1)
            }
        } while depth > 0 && position < source.count
    }

    private mutating func blankString() {
        var hashes = 0
        while byte(at: hashes) == "#" { hashes += 1 }
        blank(hashes)
        let quotes = byte(at: 1) == "\"" && byte(at: 2) == "\"" ? 3 : 1
        blank(quotes)
        while position < source.count {
            if source[position] == "\"", isRun(of: "\"", quotes, at: 0), isRun(of: "#", hashes, at: quotes) {
                blank(quotes + hashes)
                return
            }
            if source[position] == "\\", isRun(of: "#", hashes, at: 1) {
                if byte(at: hashes + 1) == "(" {
                    blank(2 + hashes)
                    copyCode(isInterpolation: true)
                    blank(1)
                } else {
                    blank(2 + hashes)
                }
            } else if source[position] == "\n", quotes == 1 {
                return
            } else {
                blank(1)
            }
        }
    }

    private func isRun(of wanted: UInt8, _ count: Int, at offset: Int) -> Bool {
        (0..<count).allSatisfy { byte(at: offset + $0) == wanted }
    }

    private mutating func copy() {
        result.append(source[position])
        position += 1
    }

    private mutating func blank(_ count: Int) {
        for _ in 0..<count where position < source.count {
            result.append(source[position] == "\n" ? "\n" : " ")
            position += 1
        }
    }
}

extension UInt8: @retroactive ExpressibleByUnicodeScalarLiteral {
    /// An ASCII character's code, so that the scanner reads as what it scans.
    public init(unicodeScalarLiteral scalar: Unicode.Scalar) {
        self = UInt8(ascii: scalar)
    }
}
