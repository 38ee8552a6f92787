internal import ArgumentParser
internal import CommandOptions
internal import Foundation
internal import Glibc
internal import StatorObjects

/// Runs the whole comparison.
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Measure all implementations side by side.",
        discussion: """
            Prints a table and whether each required ratio is met, and writes the rows as JSON. On a machine with two \
            processors or more, every server runs on the first and every client on the second, whatever the \
            implementation: where the kernel happens to put the two would else decide the figures. All run with the \
            setting of malloc that Stator's daemons give themselves (GLIBC_TUNABLES).
            """)

    @Option(help: "The folder with the certificates; the messages and the result are written into it.")
    var folder: String
    @Option(help: "The plain C program.")
    var plainC: String
    @Option(help: "The gRPC C++ program; without it, it is left out.")
    var grpcCpp: String?
    @Option(help: "The swift-protobuf program; without it, it is left out.")
    var swiftProtobuf: String?
    @Option(help: "A Python with oslo.versionedobjects; without it, that is left out.")
    var osloPython: String?
    @Option(help: "The program for that Python.")
    var osloPeer = "peer.py"
    @Option(help: "How often each measurement is repeated.")
    var rounds = 5
    @Option(help: "How long each takes.")
    var seconds = 1.0
    @Flag(help: "Fewer and shorter rounds, and no 10,000 idle connections.")
    var quick = false
    @Option(help: ArgumentHelp("Measure only this: calls, idle, handshakes or objects.", valueName: "part"))
    var only: [Part] = Part.allCases

    enum Part: String, ExpressibleByArgument, CaseIterable { case calls, idle, handshakes, objects }

    func run() async throws {
        // The programs that this starts have its setting too, all alike.
        ProcessMemory.tune()
        OpenFileLimit.raise()
        let mayPin = sysconf(CInt(_SC_NPROCESSORS_ONLN)) >= 2
        let settings = ComparisonSettings(
            certificates: folder + "/certs", folder: folder, rounds: quick ? min(rounds, 3) : rounds, warmUp: 0.25,
            seconds: quick ? min(seconds, 0.5) : seconds, serverCPU: mayPin ? 0 : nil, clientCPU: mayPin ? 1 : nil)

        if only != [.objects] { try measureCalls(settings) }
        if only.contains(.objects) { try measureObjects(settings) }
    }

    /// Calls, connections and handshakes.
    private func measureCalls(_ settings: ComparisonSettings) throws {
        try writeMessages()
        let implementations =
            [Implementation(.plainC, path: plainC)] + (grpcCpp.map { [Implementation(.grpc, path: $0)] } ?? [])
            + [Implementation(.stator, path: try Self.ownPath())]
        var rows: [Row] = []
        if only.contains(.calls) {
            rows += try CallMeasurement(implementations: implementations, settings: settings).run()
        }
        if only.contains(.idle) {
            rows += try IdleMeasurement(implementations: implementations, settings: settings).run(counts: idleCounts)
        }
        if only.contains(.handshakes) {
            rows += try HandshakeMeasurement(implementations: implementations, settings: settings).run()
        }
        let report = Report(rows)
        try report.json().write(to: URL(filePath: folder + "/rpc.json"))
        say("Release builds, Stator with --static-swift-stdlib; TLS 1.3 with certificates on both sides; loopback\n")
        say(report.text)
        say("\n\(settings.rounds) rounds of \(settings.seconds) s, medians; as JSON in \(folder)/rpc.json")
    }

    private func measureObjects(_ settings: ComparisonSettings) throws {
        var implementations = [
            ObjectImplementation(.stator, path: try Self.ownPath(), arguments: ["objects"]),
            ObjectImplementation(.protobufC, path: plainC, arguments: ["objects"]),
        ]
        if let swiftProtobuf { implementations.append(ObjectImplementation(.swiftProtobuf, path: swiftProtobuf)) }
        if let osloPython {
            // Without byte code beside the source, and without what its dependencies warn of.
            let arguments = ["-B", "-W", "ignore", osloPeer]
            implementations.append(ObjectImplementation(.oslo, path: osloPython, arguments: arguments))
        }
        let measurement = ObjectMeasurement(implementations: implementations, settings: settings)
        let table = try measurement.run()
        try table.json().write(to: URL(filePath: folder + "/objects.json"))
        say("\n\(measurement.sentence)\n")
        say(table.text)
        say("\nas JSON in \(folder)/objects.json")
    }

    private static func ownPath() throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }

    /// As many as this user may open files for.
    private var idleCounts: [Int] {
        let wanted = quick ? [1_000] : [1_000, 10_000]
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let possible = wanted.filter { $0 + 100 < limit.rlim_cur }
        if possible.count < wanted.count {
            note("the limit of open files, \(limit.rlim_cur), is too low for \(wanted.last ?? 0) idle connections")
        }
        return possible
    }

    private func writeMessages() throws {
        let messages = [
            "ping": try SampleMessages.ping.encodedBytes(), "instance": try SampleMessages.instance.encodedBytes(),
        ]
        for (name, bytes) in messages {
            try Data(bytes).write(to: URL(filePath: "\(folder)/\(name).bin"))
        }
    }
}
