internal import ComputeObjects

/// Turns a guest's serial output into text that a terminal shows and does not obey.
///
/// Escape sequences are left out (colours, cursor movements, window titles, which a guest could use
/// to make the user's terminal say something else), so are carriage returns and other control characters;
/// lines and tabs stay. Bytes may be cut anywhere, also within a character or a sequence.
package struct ConsoleSanitizer: Sendable {
    private enum State: Sendable {
        case ground
        /// After ESC.
        case escape
        /// In a control sequence, `ESC [ … letter`.
        case control
        /// In a string that BEL or `ESC \` ends, for example a window title.
        case string
        case stringEscape
    }

    private var state = State.ground
    private var pending: [UInt8] = []
    /// True when the last character that came out began a new line, or none came out yet.
    package private(set) var isAtLineStart = true

    package init() {}

    package mutating func sanitize(_ bytes: some Collection<UInt8>) -> String {
        pending += bytes
        let cut = pending.count - Self.incompleteSuffixCount(pending)
        let text = String(decoding: pending[..<cut], as: UTF8.self)
        pending.removeFirst(cut)
        return filter(text)
    }

    /// What is left when no more bytes come: a character that was cut off.
    package mutating func finish() -> String {
        let text = String(decoding: pending, as: UTF8.self)
        pending = []
        return filter(text)
    }

    private mutating func filter(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where shows(scalar) {
            result.append(scalar)
            isAtLineStart = scalar == "\n"
        }
        return String(result)
    }

    private mutating func shows(_ scalar: Unicode.Scalar) -> Bool {
        switch state {
        case .ground:
            return showsInGround(scalar)
        case .escape:
            switch scalar {
            case "[": state = .control
            case "]", "P", "X", "^", "_": state = .string
            case "\u{20}"..."\u{2F}": state = .escape
            case "\n":
                state = .ground
                return true
            default: state = .ground
            }
        case .control:
            if scalar.value == 0x1B {
                state = .escape
            } else if (0x40...0x7E).contains(scalar.value) {
                state = .ground
            } else if scalar == "\n" {
                state = .ground
                return true
            }
        case .string:
            if scalar.value == 0x07 || scalar.value == 0x9C {
                state = .ground
            } else if scalar.value == 0x1B {
                state = .stringEscape
            } else if scalar == "\n" {
                // Such a string has no line breaks: one that was never ended must not hide the rest of the log.
                state = .ground
                return true
            }
        case .stringEscape:
            if scalar == "\\" {
                state = .ground
            } else {
                state = .escape
                return shows(scalar)
            }
        }
        return false
    }

    private mutating func showsInGround(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A, 0x09:
            return true
        case 0x1B:
            state = .escape
            return false
        case 0x9B:
            state = .control
            return false
        case 0x90, 0x98, 0x9D, 0x9E, 0x9F:
            state = .string
            return false
        default:
            return !scalar.isControl
        }
    }

    /// How many bytes at the end are the beginning of a character whose rest has not come.
    private static func incompleteSuffixCount(_ bytes: [UInt8]) -> Int {
        for count in 1...3 where count <= bytes.count {
            let byte = bytes[bytes.count - count]
            if byte & 0b1100_0000 == 0b1000_0000 { continue }
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return length > count ? count : 0
        }
        return 0
    }
}
