package import Foundation

/// The rows as text for a terminal, and as JSON.
package struct Report {
    private let rows: [Row]

    package init(_ rows: [Row]) {
        self.rows = rows
    }

    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return try encoder.encode(rows)
    }

    package var text: String {
        [calls, idle, handshakes, requirements].filter { $0.count > 1 }
            .map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private var calls: [String] {
        let known = RowTable(rows)
        let head = [
            "message", "conn × calls", "program", "calls/s", "p50 µs", "p99 µs", "server CPU µs", "client CPU µs",
            "calls/s : C",
            "CPU : C",
        ]
        let lines = rows.compactMap { row -> [String]? in
            guard let message = row.message, let connections = row.connections, let inFlight = row.inFlight else {
                return nil
            }
            let plain = Workload.Message(rawValue: message.prefix { $0 != "," }.description)
            let reference = plain.flatMap {
                known.row(.plainC, Workload($0, connections: connections, inFlight: inFlight))
            }
            return [
                message, "\(connections) × \(inFlight)", row.implementation, whole(row.callsPerSecond),
                decimal(row.p50Microseconds, 1), decimal(row.p99Microseconds, 1),
                decimal(row.serverCPUMicrosecondsPerCall, 2), decimal(row.clientCPUMicrosecondsPerCall, 2),
                ratio(row.callsPerSecond, reference?.callsPerSecond),
                ratio(row.serverCPUMicrosecondsPerCall, reference?.serverCPUMicrosecondsPerCall),
            ]
        }
        return table(head, lines, textColumns: 3)
    }

    private var idle: [String] {
        let lines = rows.compactMap { row in
            row.idleConnections.map {
                [row.implementation, "\($0)", decimal(row.serverBytesPerConnection.map { $0 / 1024 }, 1)]
            }
        }
        return table(["program", "idle connections", "server KiB for each"], lines, textColumns: 1)
    }

    private var handshakes: [String] {
        let lines = rows.filter { $0.fullHandshakesPerSecond != nil }
            .map { row in
                [
                    row.implementation, whole(row.fullHandshakesPerSecond),
                    whole(row.fullServerCPUMicrosecondsPerHandshake), whole(row.resumedHandshakesPerSecond),
                    whole(row.resumedServerCPUMicrosecondsPerHandshake),
                ]
            }
        return table(
            ["program", "full handshakes/s", "server CPU µs", "resumed handshakes/s", "server CPU µs"], lines,
            textColumns: 1)
    }

    private var requirements: [String] {
        let lines = Requirement.all(of: rows).map { requirement in
            let bound =
                switch requirement.bound {
                case .atMost(let limit): "≤ \(limit.rounded(places: 2))"
                case .atLeast(let limit): "≥ \(limit.rounded(places: 2))"
                }
            let verdict = requirement.isMet.map { $0 ? "yes" : "no" } ?? "not measured"
            return [requirement.name, verdict, decimal(requirement.value, 3), bound]
        }
        return table(["required", "met", "is", "bound"], lines, textColumns: 2)
    }

    private func table(_ head: [String], _ lines: [[String]], textColumns: Int) -> [String] {
        guard !lines.isEmpty else { return [] }
        let widths = head.indices.map { column in ([head] + lines).map { $0[column].count }.max() ?? 0 }
        return ([head] + lines).map { cells in
            zip(cells, widths).enumerated()
                .map { column, cell in
                    let padding = String(repeating: " ", count: cell.1 - cell.0.count)
                    return column < textColumns ? cell.0 + padding : padding + cell.0
                }
                .joined(separator: "  ")
        }
    }

    private func whole(_ value: Double?) -> String { value.map { String(Int($0.rounded())) } ?? "–" }

    private func decimal(_ value: Double?, _ places: Int) -> String {
        value.map { String(format: "%.\(places)f", $0) } ?? "–"
    }

    private func ratio(_ value: Double?, _ reference: Double?) -> String {
        guard let value, let reference, reference > 0 else { return "–" }
        return decimal(value / reference, 2)
    }
}
