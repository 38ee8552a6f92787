internal import ArgumentParser

@main
struct StatorBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stator-bench",
        abstract: "Measures Stator's calls beside a plain C program's and gRPC's.",
        discussion: "'make bench' builds the others and runs this.",
        subcommands: [CompareCommand.self, ServerCommand.self, ClientCommand.self, IdleCommand.self],
        defaultSubcommand: CompareCommand.self)
}
