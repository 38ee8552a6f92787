internal import ArgumentParser
internal import CommandOptions
internal import ComputeObjects
internal import Conductor

@main
struct StatorConductor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stator-conductor",
        abstract: "The state service: the only one that talks to the database.",
        version: Release.current,
        subcommands: [Serve.self, Migrate.self],
        defaultSubcommand: Serve.self)
}

/// Where the database is.
struct DatabaseOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How to reach PostgreSQL, in libpq's words, e.g. \"host=/run/postgresql dbname=stator user=stator\".",
            valueName: "conninfo"))
    var database: String
}

/// Runs a conductor in the foreground.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve hosts and APIs until SIGTERM or SIGINT.",
        discussion: """
            Logs one line to standard error for each event; "ready" with the address says that calls are served. \
            A database that does not answer is waited for. On SIGTERM or SIGINT the steps under way are ended and \
            everything else is given back, so that another conductor goes on with it at once.
            """)

    @Option(help: ArgumentHelp("Where hosts and APIs reach it; port 0 takes any.", valueName: "host:port"))
    var listen: AddressArgument

    @Option(
        help: ArgumentHelp(
            "Where other conductors reach it. Default: the address that it listens on.", valueName: "host:port"))
    var advertise: AddressArgument?

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var tls: TLSOptions
    @OptionGroup var log: LogOptions

    func run() async throws {
        ProcessMemory.tune()
        OpenFileLimit.raise()
        let configuration = ConductorConfiguration(
            listenAddress: listen.text, advertisedAddress: advertise?.text,
            databaseConnectionString: database.database, tls: try tls.configuration())
        try await runConductor(configuration, logger: log.makeLogger(label: "stator-conductor"))
    }
}
