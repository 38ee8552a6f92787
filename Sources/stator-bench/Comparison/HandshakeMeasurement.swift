/// Handshakes per second and their cost to the server. The load comes from the plain C program for all of them: each is a
/// new connection, which ends with the server's first word after its handshake.
struct HandshakeMeasurement {
    private static let connections = 16

    let implementations: [Implementation]
    let settings: ComparisonSettings

    func run() throws -> [Row] {
        guard let load = implementations.first(where: { $0.name == .plainC }) else { return [] }
        var full: [Implementation.Name: [PeerFigures]] = [:]
        var resumed: [Implementation.Name: [PeerFigures]] = [:]
        for round in 1...settings.rounds {
            for implementation in implementations {
                let server = try PeerServer(implementation, settings)
                full[implementation.name, default: []].append(try measure(server, load, []))
                // Who does not resume sessions has no figure.
                if let figures = try? measure(server, load, ["--resumed"]) {
                    resumed[implementation.name, default: []].append(figures)
                }
            }
            note("handshakes: round \(round) of \(settings.rounds)")
        }
        return implementations.map { implementation in
            row(implementation.name, full[implementation.name] ?? [], resumed[implementation.name] ?? [])
        }
    }

    private func measure(_ server: PeerServer, _ load: Implementation, _ more: [String]) throws -> PeerFigures {
        var arguments = ["handshakes"] + server.clientArguments(settings)
        arguments += ["--alpn", server.implementation.applicationProtocol]
        arguments += ["--server", String(server.process.processID), "--connections", String(Self.connections)]
        arguments += ["--warm-up", String(settings.warmUp), "--seconds", String(settings.seconds)]
        return try figures(of: load.path, arguments + more, settings)
    }

    private func row(_ name: Implementation.Name, _ full: [PeerFigures], _ resumed: [PeerFigures]) -> Row {
        var row = Row(name)
        row.fullHandshakesPerSecond = median(full.map(\.callsPerSecond))?.rounded()
        row.resumedHandshakesPerSecond = median(resumed.map(\.callsPerSecond))?.rounded()
        row.fullServerCPUMicrosecondsPerHandshake = median(full.map(\.serverCPUMicrosecondsPerCall))?.rounded()
        row.resumedServerCPUMicrosecondsPerHandshake = median(resumed.map(\.serverCPUMicrosecondsPerCall))?.rounded()
        return row
    }
}
