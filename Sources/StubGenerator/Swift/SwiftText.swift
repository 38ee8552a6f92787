/// Swift source as swift-format would leave it: four spaces, 120 columns, one way to break a line.
package struct SwiftText {
    package static let columnMax = 120
    package private(set) var lines: [String] = []
    private var indentation = 0

    package init() {}

    package var source: String { lines.joined(separator: "\n") + "\n" }

    package mutating func line(_ text: String) {
        lines.append(text.isEmpty ? "" : String(repeating: " ", count: indentation) + text)
    }

    package mutating func blank() {
        if let last = lines.last, !last.isEmpty, !last.hasSuffix("{") { lines.append("") }
    }

    /// `head {`, what the body writes, `}`.
    package mutating func block(_ head: String, _ body: (inout SwiftText) -> Void) {
        line(head + " {")
        indented(body)
        line("}")
    }

    package mutating func indented(_ body: (inout SwiftText) -> Void) {
        indentation += 4
        body(&self)
        indentation -= 4
    }

    /// `head(a, b)tail`, or, where that is too long, the arguments on lines of their own, as many as fit on each.
    ///
    /// - Parameter closingOnOwnLine: As functions' declarations end, instead of calls.
    package mutating func call(
        _ head: String, _ arguments: [String], _ tail: String = "", closingOnOwnLine: Bool = false
    ) {
        let whole = head + "(" + arguments.joined(separator: ", ") + ")" + tail
        guard indentation + whole.count > Self.columnMax else {
            line(whole)
            return
        }
        line(head + "(")
        let end = closingOnOwnLine ? "" : ")" + tail
        indented { text in
            for row in text.filled(arguments, end: end) { text.line(row) }
        }
        if closingOnOwnLine { line(")" + tail) }
    }

    /// A list over as many lines as it needs, `head[a, b]tail`.
    package mutating func list(_ head: String, _ elements: [String], _ tail: String = "") {
        let whole = head + "[" + elements.joined(separator: ", ") + "]" + tail
        guard indentation + whole.count > Self.columnMax else {
            line(whole)
            return
        }
        line(head + "[")
        indented { text in
            for row in text.filled(elements, end: ",") { text.line(row) }
        }
        line("]" + tail)
    }

    /// A documentation comment whose first sentence is its summary, broken anew.
    package mutating func documentation(_ comment: String) {
        for (index, paragraph) in Self.paragraphs(of: comment).enumerated() {
            if index > 0 { line("///") }
            var row = "///"
            for word in paragraph.split(separator: " ") {
                if indentation + row.count + 1 + word.count > Self.columnMax {
                    line(row)
                    row = "///"
                }
                row += " " + word
            }
            line(row)
        }
    }

    /// A comment's paragraphs without its line ends, the first sentence as a paragraph of its own.
    static func paragraphs(of comment: String) -> [String] {
        var paragraphs = comment.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.trimmingSpaces() }
            .split(separator: "", omittingEmptySubsequences: true)
            .map { $0.joined(separator: " ") }
        guard let first = paragraphs.first else { return [] }
        if let end = endOfFirstSentence(first) {
            let rest = String(first[end...].drop { $0 == " " })
            paragraphs.replaceSubrange(..<1, with: [String(first[..<end]), rest])
        }
        return paragraphs
    }

    /// The items on as few lines as hold them.
    func filled(_ items: [String], end: String) -> [String] {
        var rows: [String] = []
        var row = ""
        for (index, item) in items.enumerated() {
            let text = item + (index + 1 < items.count ? "," : end)
            if !row.isEmpty, indentation + row.count + 1 + text.count > Self.columnMax {
                rows.append(row)
                row = ""
            }
            row += (row.isEmpty ? "" : " ") + text
        }
        return row.isEmpty ? rows : rows + [row]
    }

    /// Behind the full stop after which a new sentence begins; nil when there is one sentence.
    private static func endOfFirstSentence(_ text: String) -> String.Index? {
        let characters = Array(text)
        for (index, character) in characters.enumerated() where character == "." {
            guard index + 2 < characters.count, characters[index + 1] == " ", characters[index + 2].isUppercase else {
                continue
            }
            return text.index(text.startIndex, offsetBy: index + 1)
        }
        return nil
    }
}

extension Substring {
    fileprivate func trimmingSpaces() -> String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
        return String(String(drop(while: isSpace)).reversed().drop(while: isSpace).reversed())
    }
}
