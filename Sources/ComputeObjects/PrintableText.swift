extension Unicode.Scalar {
    /// True for what a terminal or a log line would obey instead of show: control characters, line and
    /// paragraph separators, and the marks that turn the direction of text.
    package var isControl: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator:
            return true
        default:
            return (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value)
        }
    }
}

extension String {
    /// The same text in one line, safe to print: runs of white space become one space, control characters `?`.
    ///
    /// For text that comes from tools and servers (standard error of QEMU, a database's detail), on its
    /// way into a fault's message, a log or a terminal.
    package var singleLine: String {
        var result = String.UnicodeScalarView()
        var pendingSpace = false
        for scalar in unicodeScalars {
            if scalar.properties.isWhitespace {
                pendingSpace = !result.isEmpty
                continue
            }
            if pendingSpace {
                result.append(" ")
                pendingSpace = false
            }
            result.append(scalar.isControl ? "?" : scalar)
        }
        return String(result)
    }

    /// The longest beginning of at most `byteCountMax` bytes that does not cut a character in two.
    package func prefix(byteCountMax: Int) -> String {
        if utf8.count <= byteCountMax { return self }
        var result = ""
        var byteCount = 0
        for character in self {
            byteCount += character.utf8.count
            if byteCount > byteCountMax { break }
            result.append(character)
        }
        return result
    }
}
