import StatorWire

/// Frames written by hand, as the specification has them.
enum Bytes {
    static func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        number(UInt32(payload.count)) + [type, flags, 0, 0] + number(stream) + payload
    }

    static func number(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { [UInt8]($0) }
    }

    static let hello = hello()

    static func hello(version: UInt16 = 1, extensions: [UInt8] = []) -> [UInt8] {
        frame(
            1,
            number(version) + [0, 0] + number(7 as UInt32) + Side.fingerprint + [5] + "0.1.0".utf8 + extensions)
    }

    static func helloAck(wantsManifest: Bool) -> [UInt8] { frame(2, [wantsManifest ? 1 : 0]) }
    static func manifest(_ bytes: [UInt8], more: Bool = false) -> [UInt8] { frame(3, flags: more ? 1 : 0, bytes) }

    static func open(
        _ stream: UInt32, _ message: [UInt8], method: UInt64 = 5, microseconds: UInt64 = 0, flags: UInt8 = 2
    ) -> [UInt8] {
        frame(4, flags: flags, stream: stream, number(method) + number(microseconds) + message)
    }

    static func message(_ stream: UInt32, _ message: [UInt8], flags: UInt8 = 0) -> [UInt8] {
        frame(5, flags: flags, stream: stream, message)
    }

    static func status(_ stream: UInt32, _ code: UInt8, _ text: String = "", _ details: [UInt8] = []) -> [UInt8] {
        frame(6, stream: stream, [code, 0] + number(UInt16(text.utf8.count)) + text.utf8 + details)
    }

    static func cancel(_ stream: UInt32) -> [UInt8] { frame(7, stream: stream) }
    static func window(_ stream: UInt32, _ credit: UInt32) -> [UInt8] { frame(8, stream: stream, number(credit)) }
    static func ping(_ value: UInt64) -> [UInt8] { frame(9, number(value)) }
    static func pong(_ value: UInt64) -> [UInt8] { frame(10, number(value)) }

    static func goAway(last: UInt32, _ code: UInt8, _ text: String = "") -> [UInt8] {
        frame(11, number(last) + [code] + text.utf8)
    }

    /// What frames there are in bytes: type, flags, stream and length of the payload of each.
    static func headers(_ bytes: [UInt8]) -> [Header] {
        var headers: [Header] = []
        var offset = 0
        while offset + 12 <= bytes.count {
            let length = Int(integer(bytes[offset..<offset + 4]))
            headers.append(
                Header(
                    type: bytes[offset + 4], flags: bytes[offset + 5],
                    stream: integer(bytes[offset + 8..<offset + 12]), length: length))
            offset += 12 + length
        }
        return headers
    }

    struct Header: Equatable {
        var type: UInt8
        var flags: UInt8
        var stream: UInt32
        var length: Int
    }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// Hexadecimal text as bytes; blanks are for the reader.
func hex(_ text: some StringProtocol) -> [UInt8] {
    let digits = String(text.filter { !$0.isWhitespace })
    return stride(from: 0, to: digits.count, by: 2).compactMap { offset in
        let start = digits.index(digits.startIndex, offsetBy: offset)
        return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16)
    }
}

/// Bytes that are not all alike, so that misplaced ones show.
func pattern(_ count: Int, seed: Int = 0) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        for index in 0..<count { buffer[index] = UInt8(truncatingIfNeeded: (index &+ seed) &* 31 &+ (index >> 8)) }
        initialized = count
    }
}
