internal import ComputeMessages
internal import Foundation
internal import Glibc
internal import StatorObjects

/// CPU time of operations on the same object, each by each implementation in turn, round by round.
struct ObjectMeasurement {
    let implementations: [ObjectImplementation]
    let settings: ComparisonSettings

    /// A round has some fifteen measurements, which need not be as long as one of calls.
    private var seconds: Double { settings.seconds / 4 }
    private var rounds: Int { max(3, settings.rounds) }

    func run() throws -> ObjectTable {
        try writeMessages()
        // A peer that ended is reported by what it did not answer.
        signal(SIGPIPE, SIG_IGN)
        var figures: [ObjectImplementation.Name: [ObjectOperation: [ObjectFigures]]] = [:]
        for round in 1...rounds {
            // Anew in each round: where a process's memory happens to lie can cost it some per cent.
            let peers = try implementations.map { implementation in
                let arguments = ["--folder", settings.folder, "--seconds", String(seconds)]
                return (
                    implementation.name,
                    try PeerProcess(implementation.path, implementation.arguments + arguments, cpu: settings.clientCPU)
                )
            }
            for operation in ObjectOperation.allCases {
                for (name, peer) in peers where name.operations.contains(operation) {
                    figures[name, default: [:]][operation, default: []].append(try ask(peer, operation, name))
                }
            }
            note("objects: round \(round) of \(rounds)")
        }
        return ObjectTable(
            implementations.flatMap { implementation in
                ObjectOperation.allCases.compactMap { operation in
                    ObjectRow(implementation.name, operation, figures[implementation.name]?[operation] ?? [])
                }
            })
    }

    /// What the table is about, in a sentence.
    var sentence: String {
        let versions = [ComputeManifest.current, SampleMessages.olderManifest]
            .compactMap { $0.versions[Instance.schema.name] }.map { "\($0.major).\($0.minor)" }
        return "An Instance, lowered from \(versions.joined(separator: " to ")); "
            + "CPU µs per operation, medians of \(rounds) rounds of \(seconds) s"
    }

    private func ask(
        _ peer: PeerProcess, _ operation: ObjectOperation, _ name: ObjectImplementation.Name
    ) throws -> ObjectFigures {
        guard (try? peer.send(operation.rawValue)) != nil, let line = peer.nextLine() else {
            throw BenchError("the program of \(name.rawValue) ended without figures of \(operation.rawValue)")
        }
        return try JSONDecoder().decode(ObjectFigures.self, from: Data(line.utf8))
    }

    /// For the peers that do not know Stator's samples: protobuf's encoding, and JSON.
    private func writeMessages() throws {
        for (name, sample) in [("instance", SampleMessages.instance), ("lowerable", SampleMessages.lowerableInstance)] {
            try Data(try sample.encodedBytes()).write(to: URL(filePath: "\(settings.folder)/\(name).bin"))
            let text = Data(sample.jsonDescription.utf8)
            var fields = try JSONSerialization.jsonObject(with: text) as? [String: Any] ?? [:]
            // Masked in the description.
            fields["user_data"] = sample.userData.map { Data($0).base64EncodedString() }
            try JSONSerialization.data(withJSONObject: fields)
                .write(to: URL(filePath: "\(settings.folder)/\(name).json"))
        }
    }
}
