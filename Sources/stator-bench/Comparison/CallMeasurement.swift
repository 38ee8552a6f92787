internal import Foundation

/// Calls per second, latency and the server's CPU time, each workload by each implementation in turn, round by round: what
/// disturbs the machine for a while disturbs all of them.
struct CallMeasurement {
    private struct Key: Hashable {
        let name: Implementation.Name
        let workload: Workload
        let style: Style
    }

    let implementations: [Implementation]
    let settings: ComparisonSettings

    func run() throws -> [Row] {
        var figures: [Key: [PeerFigures]] = [:]
        for round in 1...settings.rounds {
            // Anew in each round: where a process's memory happens to lie can cost it some per cent.
            let servers = try implementations.map { try PeerServer($0, settings) }
            for workload in Workload.all {
                for server in servers {
                    for style in server.implementation.styles(of: workload) {
                        let key = Key(name: server.implementation.name, workload: workload, style: style)
                        figures[key, default: []].append(try measure(server, workload, style))
                    }
                }
            }
            note("calls: round \(round) of \(settings.rounds)")
        }
        return Workload.all.flatMap { workload in
            implementations.flatMap { implementation in
                implementation.styles(of: workload).compactMap { style in
                    figures[Key(name: implementation.name, workload: workload, style: style)].map {
                        Row(implementation.name, workload, style, $0)
                    }
                }
            }
        }
    }

    private func measure(_ server: PeerServer, _ workload: Workload, _ style: Style) throws -> PeerFigures {
        var arguments = ["client"] + server.clientArguments(settings)
        arguments += ["--server", String(server.process.processID), "--message", workload.message.rawValue]
        arguments += ["--connections", String(workload.connections), "--in-flight", String(workload.inFlight)]
        arguments += ["--warm-up", String(settings.warmUp), "--seconds", String(settings.seconds)]
        arguments += style.clientArguments
        // Stator's own client makes the messages itself.
        if server.implementation.name != .stator {
            arguments += ["--message-file", settings.messageFile(workload.message)]
        }
        return try figures(of: server.implementation.path, arguments, settings)
    }
}

/// Runs a client to its end.
func figures(of path: String, _ arguments: [String], _ settings: ComparisonSettings) throws -> PeerFigures {
    let client = try PeerProcess(path, arguments, cpu: settings.clientCPU)
    guard let line = client.nextLine() else {
        throw BenchError("\(path) \(arguments.joined(separator: " ")): no result")
    }
    return try JSONDecoder().decode(PeerFigures.self, from: Data(line.utf8))
}

/// Progress goes to standard error; the result alone to standard output.
func note(_ text: String) {
    FileHandle.standardError.write(Data("\(text)\n".utf8))
}
