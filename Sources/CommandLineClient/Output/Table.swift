internal import ComputeObjects

/// Rows under a head, each column as wide as its widest cell, without trailing spaces.
package struct Table: Hashable, Sendable {
    package enum Alignment: Sendable { case left, right }

    package struct Column: Hashable, Sendable {
        let title: String
        let alignment: Alignment

        package init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    /// What stands for a value that is absent.
    package static let absent = "-"
    private static let gap = "  "

    private let columns: [Column]
    private var rows: [[String]] = []

    package init(_ columns: [Column]) {
        self.columns = columns
    }

    /// One cell for each column; nil and empty ones are shown as absent.
    package mutating func append(_ cells: [String?]) {
        precondition(cells.count == columns.count, "a row has a cell for each column")
        rows.append(cells.map { Self.cell($0) })
    }

    /// The table as lines, each ended by a newline.
    package var text: String {
        let lines = [columns.map(\.title)] + rows
        let widths = columns.indices.map { column in lines.map { $0[column].displayWidth }.max() ?? 0 }
        return lines.map { line(of: $0, widths: widths) }.joined()
    }

    private func line(of cells: [String], widths: [Int]) -> String {
        var text = ""
        for (index, cell) in cells.enumerated() {
            let padding = String(repeating: " ", count: widths[index] - cell.displayWidth)
            text += columns[index].alignment == .left ? cell + padding : padding + cell
            text += Self.gap
        }
        while text.last == " " { text.removeLast() }
        return text + "\n"
    }

    /// A value on its way into a cell: one line, nothing that a terminal would obey.
    private static func cell(_ value: String?) -> String {
        guard let line = value?.singleLine, !line.isEmpty else { return absent }
        return line
    }
}

/// The fields of one object, a line for each: name, then value.
package struct FieldList: Sendable {
    private var table = Table([Table.Column("FIELD"), Table.Column("VALUE")])

    package init() {}

    package mutating func append(_ name: String, _ value: String?) {
        table.append([name, value])
    }

    package var text: String { table.text }
}
