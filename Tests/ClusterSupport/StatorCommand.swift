internal import Foundation
package import TestSupport

/// The command line `stator` of one release, as one user of one cluster.
package struct StatorCommand: Sendable {
    package let programs: Programs
    private let address: String
    private let tls: TestCertificates.Paths

    package init(
        programs: Programs, address: String, callerClass: String = "operator", name: String = "admin"
    ) throws {
        self.programs = programs
        self.address = address
        tls = try TestCertificates.tls(class: callerClass, name: name)
    }

    /// Starts it.
    package func begin(_ arguments: [String], timeoutSeconds: Int = 60) throws -> ChildProcess {
        let options = [
            "--api", address, "--certificate", tls.certificateChainPath, "--private-key", tls.privateKeyPath,
            "--ca", tls.trustRootsPath, "--timeout", String(timeoutSeconds),
        ]
        return try ChildProcess(executable: programs.path(of: "stator"), arguments: arguments + options)
    }

    /// Runs it to its end.
    package func run(_ arguments: [String], timeoutSeconds: Int = 60) async throws -> CommandResult {
        let process = try begin(arguments, timeoutSeconds: timeoutSeconds)
        let exit = try await process.wait(timeout: .seconds(timeoutSeconds + 30))
        return CommandResult(
            command: arguments, exit: exit, output: process.output, errorOutput: process.errorOutput)
    }
}

/// What a command of `stator` came to.
package struct CommandResult: Sendable {
    package let command: [String]
    package let exit: ChildProcess.Exit
    package let output: String
    package let errorOutput: String

    package init(command: [String], exit: ChildProcess.Exit, output: String, errorOutput: String) {
        self.command = command
        self.exit = exit
        self.output = output
        self.errorOutput = errorOutput
    }

    package func decode<Answer: Decodable>(_ type: Answer.Type) throws -> Answer {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(type, from: Data(output.utf8))
        } catch {
            throw TestSupportError("`stator \(command.joined(separator: " "))` printed \(output): \(error)")
        }
    }
}
