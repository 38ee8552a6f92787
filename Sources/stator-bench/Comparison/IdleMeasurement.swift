internal import Foundation

/// The server's memory for each connection on which nothing happens, by the growth of what is its process's alone.
struct IdleMeasurement {
    /// Opened and closed before anything is measured: what a process sets up once is no connection's.
    private static let warmUpConnections = 50

    let implementations: [Implementation]
    let settings: ComparisonSettings

    func run(counts: [Int]) throws -> [Row] {
        try counts.flatMap { count in
            try implementations.map { implementation in
                let bytes = try measure(implementation, count)
                note("idle: \(count) connections to \(implementation.name.rawValue)")
                var row = Row(implementation.name)
                row.idleConnections = count
                row.serverBytesPerConnection = bytes.rounded()
                return row
            }
        }
    }

    private func measure(_ implementation: Implementation, _ count: Int) throws -> Double {
        let server = try PeerServer(implementation, settings)
        try hold(server, Self.warmUpConnections) {}
        let before = try server.privateBytes()
        var after = before
        try hold(server, count) { after = try server.privateBytes() }
        return (after - before) / Double(count)
    }

    /// Runs the body while a client holds so many connections.
    private func hold(_ server: PeerServer, _ count: Int, _ body: () throws -> Void) throws {
        let client = try PeerProcess(
            server.implementation.path,
            ["idle"] + server.clientArguments(settings) + ["--connections", String(count)], cpu: settings.clientCPU)
        guard client.nextLine() == "ready" else {
            throw BenchError("\(count) connections to \(server.implementation.name.rawValue) were not to be had")
        }
        // For what is still being sent and given back.
        Thread.sleep(forTimeInterval: 1)
        try body()
        let status = client.stop()
        guard status == 0 else {
            throw BenchError("a client with \(count) idle connections ended with status \(status)")
        }
        Thread.sleep(forTimeInterval: 0.5)
    }
}
