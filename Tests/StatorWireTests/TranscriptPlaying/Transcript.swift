import Foundation
import StatorWire

/// What two sides say to each other, as a text that a person reads and both machines must keep to.
///
/// Lines: `#` remarks; `begin` (nothing was said yet) or `connected` (a handshake without manifests lies behind); `after <n>ms`; `pause` (what was done
/// before it sends one piece only); `<side> <verb> …` what a side's program does; `<side> > <bytes>` what its machine
/// sends for it; `<side> ! <bytes>` what no right machine sends; `<side> sees …` the event that comes of bytes or time;
/// `sum <number>` FNV-1a over the wrong bytes. Bytes are hexadecimal, `61*5` is five times 61.
struct Transcript {
    enum Side: String, CaseIterable {
        case dialler, acceptor

        var other: Side { self == .dialler ? .acceptor : .dialler }
    }

    enum Step: Equatable {
        case begin
        case connected
        case after(Duration)
        case pause
        case action(Side, [String])
        case bytes(Side, [UInt8], isWrong: Bool)
        case sees(Side, String)
        case sum(UInt64)
    }

    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    var steps: [Step]

    init(_ text: String) throws {
        steps = try text.split(separator: "\n").compactMap { try Self.step(String($0)) }
    }

    private static func step(_ line: String) throws -> Step? {
        let words = Self.words(line)
        guard let first = words.first, !first.hasPrefix("#") else { return nil }
        switch first {
        case "begin" where words.count == 1: return .begin
        case "connected" where words.count == 1: return .connected
        case "pause" where words.count == 1: return .pause
        case "after":
            guard words.count == 2, words[1].hasSuffix("ms"), let count = Int(words[1].dropLast(2)) else { break }
            return .after(.milliseconds(count))
        case "sum":
            guard words.count == 2, let sum = UInt64(words[1], radix: 16) else { break }
            return .sum(sum)
        default:
            guard let side = Side(rawValue: first), words.count >= 2 else { break }
            let rest = words.dropFirst(2)
            switch words[1] {
            case ">": return .bytes(side, try rest.flatMap(bytes), isWrong: false)
            case "!": return .bytes(side, try rest.flatMap(bytes), isWrong: true)
            case "sees": return .sees(side, rest.joined(separator: " "))
            default: return .action(side, Array(words.dropFirst()))
            }
        }
        throw Malformed(description: "not understood: \(line)")
    }

    /// Words between blanks; what stands in quotation marks belongs together.
    private static func words(_ line: String) -> [String] {
        var words: [String] = []
        var word = ""
        var isQuoted = false
        for character in line {
            if character == "\"" { isQuoted.toggle() }
            if character == " ", !isQuoted {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else {
                word.append(character)
            }
        }
        return word.isEmpty ? words : words + [word]
    }

    /// `cafe`, `61*5`, or several of them between commas.
    static func bytes(_ text: some StringProtocol) throws -> [UInt8] {
        try text.split(separator: ",").flatMap { part in
            let factors = part.split(separator: "*")
            let bytes = hex(factors[0])
            guard bytes.count * 2 == factors[0].count else { throw Malformed(description: "not bytes: \(text)") }
            guard factors.count == 2 else { return bytes }
            guard bytes.count == 1, let count = Int(factors[1]), count <= 5_000_000 else {
                throw Malformed(description: "not bytes: \(text)")
            }
            return [UInt8](repeating: bytes[0], count: count)
        }
    }

    /// Bytes as they are written: runs of many equal ones with their number.
    static func text(_ bytes: some Collection<UInt8>, separator: String = ",") -> String {
        var parts: [String] = []
        var plain = ""
        var rest = Array(bytes)[...]
        while let byte = rest.first {
            let run = rest.prefix { $0 == byte }.count
            let pair = String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
            if run >= 24 {
                if !plain.isEmpty { parts.append(plain) }
                plain = ""
                parts.append("\(pair)*\(run)")
            } else {
                plain += String(repeating: pair, count: run)
            }
            rest = rest.dropFirst(run)
        }
        return (plain.isEmpty ? parts : parts + [plain]).joined(separator: separator)
    }

    var byteCount: Int {
        steps.reduce(0) { count, step in
            if case .bytes(_, let bytes, _) = step { count + bytes.count } else { count }
        }
    }

    /// 64-bit FNV-1a over the bytes that no right machine sends.
    var wrongSum: UInt64 {
        steps.reduce(0xCBF2_9CE4_8422_2325) { sum, step in
            guard case .bytes(_, let bytes, true) = step else { return sum }
            return bytes.reduce(sum) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        }
    }

    // The files

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Transcripts")

    static var names: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".txt") }.sorted()
        }
    }

    static func text(named name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }
}
