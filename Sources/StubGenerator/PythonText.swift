/// Python source, formatted in one way: four spaces, 120 columns, what is too long in a list of one element per line.
package struct PythonText {
    package static let columnMax = 120
    package private(set) var lines: [String] = []
    private var indentation = 0

    package init() {}

    package var source: String { lines.joined(separator: "\n") + "\n" }

    package mutating func line(_ text: String = "") {
        lines.append(text.isEmpty ? "" : String(repeating: " ", count: indentation) + text)
    }

    /// Two empty lines, as between the declarations of a module.
    package mutating func gap() {
        lines += ["", ""]
    }

    package mutating func indented(_ body: (inout PythonText) -> Void) {
        indentation += 4
        body(&self)
        indentation -= 4
    }

    /// `head:`, and what the body writes.
    package mutating func block(_ head: String, _ body: (inout PythonText) -> Void) {
        line(head + ":")
        indented(body)
    }

    /// `head(a, b)tail`; where that is too long the arguments together on the next line, or each on one of its own.
    package mutating func call(
        _ head: String, _ arguments: [String], _ tail: String = "", brackets: (String, String) = ("(", ")"),
        isAlwaysLong: Bool = false
    ) {
        let joined = arguments.joined(separator: ", ")
        let whole = head + brackets.0 + joined + brackets.1 + tail
        guard isAlwaysLong || indentation + whole.count > Self.columnMax else {
            line(whole)
            return
        }
        line(head + brackets.0)
        indented { text in
            if !isAlwaysLong, text.indentation + joined.count <= Self.columnMax {
                text.line(joined)
            } else {
                for argument in arguments { text.line(argument + ",") }
            }
        }
        line(brackets.1 + tail)
    }

    /// `from module import a, b`, or, where that is too long, one name per line.
    package mutating func importing(_ names: [String], from module: String) {
        let whole = "from \(module) import \(names.joined(separator: ", "))"
        if whole.count <= Self.columnMax {
            line(whole)
        } else {
            call("from \(module) import ", names, isAlwaysLong: true)
        }
    }

    /// A docstring: the comment's first sentence, and its paragraphs, broken anew; nothing for no comment.
    package mutating func documentation(_ comment: String) {
        let escaped = comment.replacing("\\", with: "\\\\").replacing("\"\"\"", with: "'''")
        let paragraphs = SwiftText.paragraphs(of: escaped)
        guard let first = paragraphs.first else { return }
        var rows = wrapped(first, after: 3)
        for paragraph in paragraphs.dropFirst() { rows += [""] + wrapped(paragraph, after: 0) }
        let quotes = "\"\"\""
        // A quotation mark at the end would be taken for one of the three.
        let isOpen = rows.count == 1 && !first.hasSuffix("\"")
        if isOpen, indentation + rows[0].count + 6 <= Self.columnMax {
            line(quotes + rows[0] + quotes)
            return
        }
        line(quotes + rows[0])
        for row in rows.dropFirst() { line(row) }
        line(quotes)
    }

    private func wrapped(_ paragraph: String, after start: Int) -> [String] {
        var rows: [String] = []
        var row = ""
        for word in paragraph.split(separator: " ") {
            let used = indentation + (rows.isEmpty ? start : 0) + row.count
            if !row.isEmpty, used + 1 + word.count > Self.columnMax {
                rows.append(row)
                row = ""
            }
            row += (row.isEmpty ? "" : " ") + word
        }
        return rows + [row]
    }
}
