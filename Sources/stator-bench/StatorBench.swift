internal import ArgumentParser

@main
struct StatorBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stator-bench",
        abstract: "Measures Stator's calls and objects beside those of others.",
        discussion: "'make bench' builds the others and runs this.",
        subcommands: [
            CompareCommand.self, ServerCommand.self, ClientCommand.self, IdleCommand.self, ObjectsCommand.self,
        ],
        defaultSubcommand: CompareCommand.self)
}
