// The formats of text that fields can declare, over UTF-8.

/// 1 to 255 Unicode characters, none of them a control character; the bytes are known to be UTF-8.
func isName(_ utf8: UnsafeRawBufferPointer) -> Bool {
    var count = 0
    var previous: UInt8 = 0
    for index in utf8.indices {
        let byte = unsafe utf8[index]
        // Control characters are U+0000 to U+001F, U+007F, and U+0080 to U+009F, which begin with 0xC2.
        if byte < 0x20 || byte == 0x7F || (previous == 0xC2 && byte < 0xA0) { return false }
        // Every character has one byte that continues none.
        if byte & 0xC0 != 0x80 { count += 1 }
        previous = byte
    }
    return (1...255).contains(count)
}

/// A name of ASCII characters only, as most are; eight are tested at a time.
func isPlainName(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count >= 1, bytes.count <= 255 else { return false }
    return unsafe bytes.allWords { word in
        // The top bit of each byte is set in the first sum from 0x20 on, in the second at 0x7F; below 0x80 neither
        // sum carries into the next byte.
        let high: UInt64 = 0x8080_8080_8080_8080
        let isPrintable = (word &+ 0x6060_6060_6060_6060) & ~(word &+ 0x0101_0101_0101_0101)
        return word & high == 0 && isPrintable & high == high
    }
}

/// Whether the bytes are well-formed UTF-8.
func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
    if unsafe isASCII(bytes) { return true }
    var decoder = UTF8()
    var iterator = unsafe bytes.makeIterator()
    var isFinished = false
    while !isFinished {
        switch unsafe decoder.decode(&iterator) {
        case .scalarValue: continue
        case .emptyInput: isFinished = true
        case .error: return false
        }
    }
    return true
}

func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
    unsafe bytes.allWords { $0 & 0x8080_8080_8080_8080 == 0 }
}

extension UnsafeRawBufferPointer {
    /// Whether the test holds for all bytes, eight at a time; words overlap, and what is missing to a word are spaces.
    @inline(__always)
    fileprivate func allWords(_ test: (UInt64) -> Bool) -> Bool {
        guard let start = baseAddress, count > 0 else { return true }
        if count >= 8 {
            let last = count - 8
            var offset = 0
            while offset < last {
                guard test(unsafe start.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) else { return false }
                offset += 8
            }
            return test(unsafe start.loadUnaligned(fromByteOffset: last, as: UInt64.self))
        }
        if count >= 4 {
            let low = unsafe start.loadUnaligned(as: UInt32.self)
            let high = unsafe start.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
            return test(UInt64(low) | UInt64(high) << 32)
        }
        // The first, the middle and the last of up to three bytes.
        let (first, middle, last) = unsafe (self[0], self[count / 2], self[count - 1])
        return test(0x2020_2020_2000_0000 | UInt64(first) << 16 | UInt64(middle) << 8 | UInt64(last))
    }
}

/// Six octets of two hexadecimal digits, separated by colons.
func isMACAddress(_ text: UnsafeRawBufferPointer) -> Bool {
    guard text.count == 17 else { return false }
    let (first, second, last) = unsafe (
        text.loadUnaligned(as: UInt64.self), text.loadUnaligned(fromByteOffset: 8, as: UInt64.self), text[16]
    )
    return hasMACPattern(UInt64(littleEndian: first), colons: 0x0000_FF00_00FF_0000)
        && hasMACPattern(UInt64(littleEndian: second), colons: 0x00FF_0000_FF00_00FF)
        && hexadecimalValue(last) != nil
}

/// Whether the bytes of the word are colons where the mask says so, and hexadecimal digits elsewhere.
private func hasMACPattern(_ word: UInt64, colons: UInt64) -> Bool {
    let high: UInt64 = 0x8080_8080_8080_8080
    // Below 0x80 no sum carries into the next byte; the top bit tells whether a byte reaches, or passes, a bound.
    let digit = (word &+ 0x5050_5050_5050_5050) & ~(word &+ 0x4646_4646_4646_4646)
    let lower = word | 0x2020_2020_2020_2020
    let letter = (lower &+ 0x1F1F_1F1F_1F1F_1F1F) & ~(lower &+ 0x1919_1919_1919_1919)
    let isRight = ((digit | letter) & ~colons) | (high & colons)
    return word & high == 0 && isRight & high == high && (word ^ 0x3A3A_3A3A_3A3A_3A3A) & colons == 0
}

/// An IPv4 address in dotted decimal or an IPv6 address, without zone or prefix length.
func isIPAddress(_ text: UnsafeRawBufferPointer) -> Bool {
    guard text.count <= 45 else { return false }
    return unsafe isIPv4Address(text, from: 0) || isIPv6Address(text)
}

private func isIPv4Address(_ text: UnsafeRawBufferPointer, from start: Int) -> Bool {
    var octetCount = 0
    var value = 0
    var digitCount = 0
    for index in start..<text.count {
        let character = unsafe text[index]
        if character == UInt8(ascii: ".") {
            guard digitCount > 0, octetCount < 3 else { return false }
            octetCount += 1
            value = 0
            digitCount = 0
        } else {
            // A leading zero would be octal to some readers.
            guard character >= UInt8(ascii: "0"), character <= UInt8(ascii: "9"), digitCount == 0 || value > 0 else {
                return false
            }
            value = value * 10 + Int(character - UInt8(ascii: "0"))
            digitCount += 1
            guard value <= 255 else { return false }
        }
    }
    return octetCount == 3 && digitCount > 0
}

private func isIPv6Address(_ text: UnsafeRawBufferPointer) -> Bool {
    let colon = UInt8(ascii: ":")
    var offset = 0
    var groupCount = 0
    var hasGap = false
    if text.count >= 2, unsafe text[0] == colon, unsafe text[1] == colon {
        hasGap = true
        offset = 2
    }
    var isFinished = hasGap && offset == text.count
    while !isFinished {
        var end = offset
        while end < text.count, unsafe hexadecimalValue(text[end]) != nil { end += 1 }
        if end < text.count, unsafe text[end] == UInt8(ascii: ".") {
            // Only the last two groups may be written as an IPv4 address.
            guard unsafe isIPv4Address(text, from: offset) else { return false }
            groupCount += 2
            isFinished = true
        } else {
            guard end > offset, end - offset <= 4 else { return false }
            groupCount += 1
            isFinished = end == text.count
        }
        guard !isFinished else { continue }
        guard unsafe text[end] == colon else { return false }
        offset = end + 1
        if offset < text.count, unsafe text[offset] == colon {
            guard !hasGap else { return false }
            hasGap = true
            offset += 1
            isFinished = offset == text.count
        }
    }
    // The gap of `::` stands for at least one group.
    return hasGap ? groupCount <= 7 : groupCount == 8
}
