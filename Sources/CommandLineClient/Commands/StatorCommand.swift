package import ArgumentParser
internal import ComputeObjects

/// The command line `stator NOUN VERB`.
package struct StatorCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "stator",
        abstract: "Servers, hosts, flavors, images, operations and upgrades of a Stator deployment.",
        discussion: """
            Servers, flavors, images and hosts are named by their name or by their id. Who you are says your \
            certificate: give --api, --certificate, --private-key and --ca with each command, or set STATOR_API, \
            STATOR_CERTIFICATE, STATOR_PRIVATE_KEY and STATOR_CA.

            Answers go to standard output, progress and errors to standard error. With --format json the answer is \
            one document with the names of the API's contract; times are UTC. A command that changes something \
            may be repeated by itself until its --timeout, and is carried out once.

            \(CommandStatus.explanation)
            """,
        version: Release.current,
        subcommands: [
            ServerCommand.self, HostCommand.self, FlavorCommand.self, ImageCommand.self, OperationCommand.self,
            ServiceCommand.self, UpgradeCommand.self,
        ])

    package init() {}
}

/// Parses and runs a command line, prints what there is to print, and returns the status to exit with.
///
/// Not on the main actor: the command's calls run on a loop of their own.
@concurrent
package func runStator(_ arguments: [String]) async -> CommandStatus {
    do {
        var command = try StatorCommand.parseAsRoot(arguments)
        if var asynchronous = command as? any AsyncParsableCommand {
            try await asynchronous.run()
        } else {
            try command.run()
        }
        return .success
    } catch {
        return report(error)
    }
}

/// Prints help to standard output and errors to standard error.
private func report(_ error: any Error) -> CommandStatus {
    if let failure = error as? CommandFailure {
        StandardError.write("stator: \(failure.message)\n")
        return failure.status
    }
    if StatorCommand.exitCode(for: error).isSuccess {
        StandardOutput.write(StatorCommand.fullMessage(for: error) + "\n")
        return .success
    }
    StandardError.write(usageText(error))
    return .usage
}

/// A usage error in one line: what is wrong, and which `--help` tells more.
package func usageText(_ error: any Error) -> String {
    let message = StatorCommand.message(for: error).singleLine
    return "stator: \(message.isEmpty ? "that is no command" : message); `\(helpCommand(for: error))` tells more\n"
}

/// The parser names it at the end of its full message: `See 'stator server create --help' for more information.`
private func helpCommand(for error: any Error) -> String {
    let marker = "See '"
    for line in StatorCommand.fullMessage(for: error).split(separator: "\n") {
        guard let start = line.firstRange(of: marker)?.upperBound else { continue }
        return String(line[start...].prefix { $0 != "'" })
    }
    return "stator --help"
}
