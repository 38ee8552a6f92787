package import TestSupport

extension TestCluster {
    /// The command line as the operator admin, or as another user, of the work tree's release or another.
    package func command(
        _ programs: Programs = .built, as user: (callerClass: String, name: String) = ("operator", "admin")
    ) throws -> StatorCommand {
        try StatorCommand(
            programs: programs, address: address(of: .api), callerClass: user.callerClass, name: user.name)
    }

    /// Starts `stator` as the operator admin, or as another user.
    package func begin(
        _ arguments: [String], as user: (callerClass: String, name: String) = ("operator", "admin"),
        timeoutSeconds: Int = 60
    ) throws -> ChildProcess {
        try command(as: user).begin(arguments, timeoutSeconds: timeoutSeconds)
    }

    /// Runs `stator` to its end.
    package func stator(
        _ arguments: [String], as user: (callerClass: String, name: String) = ("operator", "admin"),
        timeoutSeconds: Int = 60
    ) async throws -> CommandResult {
        try await command(as: user).run(arguments, timeoutSeconds: timeoutSeconds)
    }

    /// Runs a command that has to succeed.
    @discardableResult
    package func succeed(_ arguments: [String], timeoutSeconds: Int = 90) async throws -> CommandResult {
        let result = try await stator(arguments, timeoutSeconds: timeoutSeconds)
        guard result.exit == .status(0) else {
            throw TestSupportError(
                "`stator \(arguments.joined(separator: " "))` ended with \(result.exit): \(result.errorOutput)")
        }
        return result
    }

    package func servers() async throws -> [InstanceAnswer] {
        try await succeed(["server", "list", "--all", "--format", "json"]).decode(ServersAnswer.self).instances
    }

    package func hosts() async throws -> [HostAnswer] {
        try await succeed(["host", "list", "--format", "json"]).decode(HostsAnswer.self).hosts
    }

    package func operations() async throws -> [OperationAnswer] {
        let command = ["operation", "list", "--limit", "1000", "--format", "json"]
        return try await succeed(command).decode(OperationsAnswer.self).operations
    }

    package func server(_ name: String) async throws -> InstanceAnswer {
        let answer = try await succeed(["server", "show", name, "--format", "json"]).decode(ServerAnswer.self)
        guard let instance = answer.instance else { throw TestSupportError("no instance in the answer for \(name)") }
        return instance
    }

    /// Waits until no operation is under way any more.
    package func waitUntilQuiet() async throws {
        try await waitUntil(timeout: .seconds(120), pollEvery: .milliseconds(200), "every operation has ended") {
            // While the database recovers there is no answer.
            (try? await operations())?.allSatisfy(\.hasEnded) == true
        }
    }
}
