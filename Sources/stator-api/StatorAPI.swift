internal import ArgumentParser
internal import CommandOptions
internal import ComputeAPI
internal import ComputeObjects

@main
struct StatorAPI: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stator-api",
        abstract: "What users and their clients talk to; keeps no state of its own.",
        version: Release.current,
        subcommands: [Serve.self])
}

/// Runs an API in the foreground.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve users until SIGTERM or SIGINT.",
        discussion: """
            Logs one line to standard error for each event; "ready" with the address says that users are served. \
            On SIGTERM or SIGINT it takes no new calls and finishes those that run, for ten seconds at most.
            """)

    @Option(help: ArgumentHelp("Where users reach it; port 0 takes any.", valueName: "host:port"))
    var listen: AddressArgument

    @Option(help: ArgumentHelp("A conductor; give the option once for each.", valueName: "host:port"))
    var conductor: [AddressArgument]

    @OptionGroup var tls: TLSOptions
    @OptionGroup var log: LogOptions

    func run() async throws {
        ProcessMemory.tune()
        OpenFileLimit.raise()
        try await runAPI(
            listen: listen.text, conductors: conductor.map(\.text), tls: try tls.configuration(),
            logger: log.makeLogger(label: "stator-api"))
    }
}
