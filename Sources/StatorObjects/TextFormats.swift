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

/// Six octets of two hexadecimal digits, separated by colons.
func isMACAddress(_ text: UnsafeRawBufferPointer) -> Bool {
    guard text.count == 17 else { return false }
    return unsafe text.enumerated().allSatisfy { position, character in
        position % 3 == 2 ? character == UInt8(ascii: ":") : hexadecimalValue(character) != nil
    }
}

/// An IPv4 address in dotted decimal or an IPv6 address, without zone or prefix length.
func isIPAddress(_ text: UnsafeRawBufferPointer) -> Bool {
    guard text.count <= 45 else { return false }
    let bytes = unsafe [UInt8](text)
    return isIPv4Address(bytes[...]) || isIPv6Address(bytes)
}

private func isIPv4Address(_ text: ArraySlice<UInt8>) -> Bool {
    let octets = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return octets.count == 4
        && octets.allSatisfy { octet in
            // A leading zero would be octal to some readers.
            guard let first = octet.first, octet.count <= 3, octet.count == 1 || first != UInt8(ascii: "0") else {
                return false
            }
            var value = 0
            for digit in octet {
                guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return false }
                value = value * 10 + Int(digit - UInt8(ascii: "0"))
            }
            return value <= 255
        }
}

private func isIPv6Address(_ text: [UInt8]) -> Bool {
    let colon = UInt8(ascii: ":")
    var halves: [ArraySlice<UInt8>] = [text[...]]
    if let gap = text.indices.dropLast().first(where: { text[$0] == colon && text[$0 + 1] == colon }) {
        halves = [text[..<gap], text[(gap + 2)...]]
    }
    var groupCount = 0
    for (index, half) in halves.enumerated() where !(half.isEmpty && halves.count == 2) {
        let groups = half.split(separator: colon, omittingEmptySubsequences: false)
        for (position, group) in groups.enumerated() {
            let isLast = index == halves.count - 1 && position == groups.count - 1
            if isLast, group.contains(UInt8(ascii: ".")) {
                guard isIPv4Address(group) else { return false }
                groupCount += 2
            } else {
                guard (1...4).contains(group.count), group.allSatisfy({ hexadecimalValue($0) != nil }) else {
                    return false
                }
                groupCount += 1
            }
        }
    }
    // The gap of `::` stands for at least one group.
    return halves.count == 2 ? groupCount <= 7 : groupCount == 8
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

/// Most text is ASCII, which is tested eight bytes at a time.
private func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var offset = 0
    while offset + 8 <= bytes.count {
        guard unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 else {
            return false
        }
        offset += 8
    }
    return unsafe bytes[offset...].allSatisfy { $0 < 0x80 }
}
