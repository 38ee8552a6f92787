private let base64Alphabet = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

/// The bytes in base64, padded.
func base64(_ bytes: UnsafeRawBufferPointer) -> String {
    var characters: [UInt8] = []
    characters.reserveCapacity((bytes.count + 2) / 3 * 4)
    var offset = 0
    while offset < bytes.count {
        let rest = min(3, bytes.count - offset)
        var group: UInt32 = 0
        for position in 0..<3 {
            group = group << 8 | (position < rest ? unsafe UInt32(bytes[offset + position]) : 0)
        }
        for position in 0..<4 {
            let sextet = Int(group >> UInt32(18 - 6 * position)) & 63
            characters.append(position <= rest ? base64Alphabet[sextet] : UInt8(ascii: "="))
        }
        offset += 3
    }
    return String(decoding: characters, as: UTF8.self)
}

/// The bytes of a padded text in base64; nil for any other text, also one with bits set that stand for nothing.
func bytes(base64 text: String) -> [UInt8]? {
    let characters = Array(text.utf8)
    guard characters.count % 4 == 0 else { return nil }
    let padding = characters.reversed().prefix(2).prefix { $0 == UInt8(ascii: "=") }.count
    var bytes: [UInt8] = []
    bytes.reserveCapacity(characters.count / 4 * 3)
    var group: UInt32 = 0
    var bitCount = 0
    for character in characters.dropLast(padding) {
        guard let sextet = sextet(character) else { return nil }
        group = (group << 6 | sextet) & 0xFFFF
        bitCount += 6
        if bitCount >= 8 {
            bitCount -= 8
            bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bitCount)))
        }
    }
    return group & (1 << UInt32(bitCount) - 1) == 0 ? bytes : nil
}

private func sextet(_ character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
}
