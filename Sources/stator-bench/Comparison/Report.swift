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
        [calls, idle, handshakes, Requirement.table(Requirement.all(of: rows))].map(\.text)
            .filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private var calls: TextTable {
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
        return TextTable(head, lines, textColumns: 3)
    }

    private var idle: TextTable {
        let lines = rows.compactMap { row in
            row.idleConnections.map {
                [row.implementation, "\($0)", decimal(row.serverBytesPerConnection.map { $0 / 1024 }, 1)]
            }
        }
        return TextTable(["program", "idle connections", "server KiB for each"], lines, textColumns: 1)
    }

    private var handshakes: TextTable {
        let lines = rows.filter { $0.fullHandshakesPerSecond != nil }
            .map { row in
                [
                    row.implementation, whole(row.fullHandshakesPerSecond),
                    whole(row.fullServerCPUMicrosecondsPerHandshake), whole(row.resumedHandshakesPerSecond),
                    whole(row.resumedServerCPUMicrosecondsPerHandshake),
                ]
            }
        return TextTable(
            ["program", "full handshakes/s", "server CPU µs", "resumed handshakes/s", "server CPU µs"], lines,
            textColumns: 1)
    }

    private func whole(_ value: Double?) -> String { value.map { String(Int($0.rounded())) } ?? "–" }

    private func ratio(_ value: Double?, _ reference: Double?) -> String {
        guard let value, let reference, reference > 0 else { return "–" }
        return decimal(value / reference, 2)
    }
}
