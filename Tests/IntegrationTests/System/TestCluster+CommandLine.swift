import Foundation
import TestSupport

/// What a command of `stator` came to.
struct CommandResult {
    let command: [String]
    let exit: ChildProcess.Exit
    let output: String
    let errorOutput: String

    func decode<Answer: Decodable>(_ type: Answer.Type) throws -> Answer {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(type, from: Data(output.utf8))
        } catch {
            throw TestSupportError("`stator \(command.joined(separator: " "))` printed \(output): \(error)")
        }
    }
}

/// The parts of the API's answers that these tests look at.
struct ServerAnswer: Decodable {
    let instance: InstanceAnswer?
    let operation: OperationAnswer?
}

struct InstanceAnswer: Decodable {
    let uuid: String
    let displayName: String?
    let vmState: String?
    let taskState: String?
    let powerState: String?
    let host: String?
}

struct OperationAnswer: Decodable {
    let uuid: String
    let kind: String?
    let state: String?
    let instanceUuid: String?
    let conductor: String?

    var hasEnded: Bool { ["succeeded", "failed", "cancelled"].contains(state ?? "") }
}

struct HostAnswer: Decodable {
    let name: String
    let up: Bool?
    let vcpusUsed: Int?
    let memoryMbUsed: Int?
    let localGbUsed: Int?
}

extension TestCluster {
    /// Starts `stator` as the operator admin, or as another user.
    func begin(
        _ arguments: [String], as user: (callerClass: String, name: String) = ("operator", "admin"),
        timeoutSeconds: Int = 60
    ) throws -> ChildProcess {
        let tls = try TestCertificates.tls(class: user.callerClass, name: user.name)
        let options = [
            "--api", address(of: .api), "--certificate", tls.certificateChainPath, "--private-key", tls.privateKeyPath,
            "--ca", tls.trustRootsPath, "--timeout", String(timeoutSeconds),
        ]
        return try ChildProcess(built: "stator", arguments: arguments + options)
    }

    /// Runs `stator` to its end.
    func stator(
        _ arguments: [String], as user: (callerClass: String, name: String) = ("operator", "admin"),
        timeoutSeconds: Int = 60
    ) async throws -> CommandResult {
        let process = try begin(arguments, as: user, timeoutSeconds: timeoutSeconds)
        let exit = try await process.wait(timeout: .seconds(timeoutSeconds + 30))
        return CommandResult(
            command: arguments, exit: exit, output: process.output, errorOutput: process.errorOutput)
    }

    /// Runs a command that has to succeed.
    @discardableResult
    func succeed(_ arguments: [String], timeoutSeconds: Int = 90) async throws -> CommandResult {
        let result = try await stator(arguments, timeoutSeconds: timeoutSeconds)
        guard result.exit == .status(0) else {
            throw TestSupportError(
                "`stator \(arguments.joined(separator: " "))` ended with \(result.exit): \(result.errorOutput)")
        }
        return result
    }

    func servers() async throws -> [InstanceAnswer] {
        struct Answer: Decodable { let instances: [InstanceAnswer] }
        return try await succeed(["server", "list", "--all", "--format", "json"]).decode(Answer.self).instances
    }

    func hosts() async throws -> [HostAnswer] {
        struct Answer: Decodable { let hosts: [HostAnswer] }
        return try await succeed(["host", "list", "--format", "json"]).decode(Answer.self).hosts
    }

    func operations() async throws -> [OperationAnswer] {
        struct Answer: Decodable { let operations: [OperationAnswer] }
        let command = ["operation", "list", "--limit", "1000", "--format", "json"]
        return try await succeed(command).decode(Answer.self).operations
    }

    func server(_ name: String) async throws -> InstanceAnswer {
        let answer = try await succeed(["server", "show", name, "--format", "json"]).decode(ServerAnswer.self)
        guard let instance = answer.instance else { throw TestSupportError("no instance in the answer for \(name)") }
        return instance
    }

    /// Waits until no operation is under way any more.
    func waitUntilQuiet() async throws {
        try await waitUntil(timeout: .seconds(120), pollEvery: .milliseconds(200), "every operation has ended") {
            // While the database recovers there is no answer.
            (try? await operations())?.allSatisfy(\.hasEnded) == true
        }
    }
}
