internal import ComputeObjects

/// What a waiting command shows of its operations, as the text to be written next.
///
/// On a terminal one line is rewritten in place and taken away at the end; elsewhere each change is a line of
/// its own, without control characters and without times, so that logs can be compared.
package struct ProgressLine: Hashable, Sendable {
    private static let eraseLine = "\r\u{1B}[K"

    private let isTerminal: Bool
    private let width: Int
    private var text = ""
    private var shown = ""

    /// `width` is the terminal's number of columns.
    package init(isTerminal: Bool, width: Int = 80) {
        self.isTerminal = isTerminal
        self.width = width
    }

    /// Something changed; returns what is to be written.
    package mutating func update(_ newText: String, elapsedSeconds: Int) -> String {
        let line = newText.singleLine
        if isTerminal {
            text = line
            return redraw(elapsedSeconds: elapsedSeconds)
        }
        guard line != text else { return "" }
        text = line
        return line + "\n"
    }

    /// Time has passed.
    package mutating func tick(elapsedSeconds: Int) -> String {
        isTerminal && !text.isEmpty ? redraw(elapsedSeconds: elapsedSeconds) : ""
    }

    /// Nothing more will be shown.
    package mutating func finish() -> String {
        defer {
            text = ""
            shown = ""
        }
        return isTerminal && !shown.isEmpty ? Self.eraseLine : ""
    }

    private mutating func redraw(elapsedSeconds: Int) -> String {
        let time = " (\(elapsedSeconds) s)"
        // The last column stays free: writing into it moves some terminals to the next line.
        let line = text.truncated(toWidth: max(0, width - 1 - time.displayWidth)) + time
        guard line != shown else { return "" }
        shown = line
        return Self.eraseLine + line
    }
}
