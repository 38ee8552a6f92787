internal import Foundation

/// Lines of cells for a terminal: text to the left, figures to the right. Without lines it is no text at all.
struct TextTable {
    private let head: [String]
    private let lines: [[String]]
    private let textColumns: Int

    /// - Parameter textColumns: How many of the first columns hold text.
    init(_ head: [String], _ lines: [[String]], textColumns: Int) {
        self.head = head
        self.lines = lines
        self.textColumns = textColumns
    }

    var text: String {
        guard !lines.isEmpty else { return "" }
        let widths = head.indices.map { column in ([head] + lines).map { $0[column].count }.max() ?? 0 }
        return ([head] + lines).map { cells in
            zip(cells, widths).enumerated()
                .map { column, cell in
                    let padding = String(repeating: " ", count: cell.1 - cell.0.count)
                    return column < textColumns ? cell.0 + padding : padding + cell.0
                }
                .joined(separator: "  ")
        }
        .joined(separator: "\n")
    }
}

/// A figure with so many places; a dash where there is none.
func decimal(_ value: Double?, _ places: Int) -> String {
    value.map { String(format: "%.\(places)f", $0) } ?? "–"
}

extension Requirement {
    /// Whether each is met.
    static func table(_ requirements: [Requirement]) -> TextTable {
        let lines = requirements.map { requirement in
            let bound =
                switch requirement.bound {
                case .atMost(let limit): "≤ \(limit.rounded(places: 2))"
                case .atLeast(let limit): "≥ \(limit.rounded(places: 2))"
                }
            let verdict = requirement.isMet.map { $0 ? "yes" : "no" } ?? "not measured"
            return [requirement.name, verdict, decimal(requirement.value, 3), bound]
        }
        return TextTable(["required", "met", "is", "bound"], lines, textColumns: 2)
    }
}
