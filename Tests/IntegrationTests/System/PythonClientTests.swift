import ClusterSupport
import Foundation
import TestSupport
import Testing

/// The client in `Tests/PythonClient`, which is written from the specification of the protocol alone.
private enum PythonClient {
    /// Debian's, for which the package python3-protobuf is.
    private static let interpreter = "/usr/bin/python3"

    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("PythonClient").path

    /// Runs one of its programs, or a module of Python's, in its folder.
    static func run(_ arguments: [String]) async throws -> CommandResult {
        try await checkInstallation()
        let process = try ChildProcess(
            executable: interpreter, arguments: ["-B"] + arguments, workingDirectory: folder)
        let exit = try await process.wait(timeout: .seconds(120))
        return CommandResult(
            command: arguments, exit: exit, output: process.output, errorOutput: process.errorOutput)
    }

    private static func checkInstallation() async throws {
        let isThere = FileManager.default.isExecutableFile(atPath: interpreter)
        let imports = isThere ? try await ChildProcess.run(interpreter, ["-c", "import google.protobuf"]).exit : nil
        guard imports == .status(0) else {
            throw TestSupportError("\(interpreter) has no package google.protobuf; run 'make setup', which installs it")
        }
    }
}

extension TestCluster {
    /// Runs a program of the Python client against the API, or another daemon.
    fileprivate func python(
        _ program: String, _ arguments: [String] = [], at daemon: Daemon = .api,
        as user: (callerClass: String, name: String) = ("operator", "admin")
    ) async throws -> CommandResult {
        let tls = try TestCertificates.tls(class: user.callerClass, name: user.name)
        let options = [
            "--address", address(of: daemon), "--certificate", tls.certificateChainPath, "--key", tls.privateKeyPath,
            "--ca", tls.trustRootsPath,
        ]
        return try await PythonClient.run([program] + options + arguments)
    }
}

@Suite struct PythonProtocolTests {
    @Test func `the Python client keeps to the specification and the golden transcripts`() async throws {
        let result = try await PythonClient.run(["-m", "unittest"])
        #expect(result.exit == .status(0), "\(result.errorOutput)")
    }
}

extension SystemTests {
    @Suite struct PythonClientTests {
        @Test func `a client written from the specification works against a live API`() async throws {
            let cluster = try await TestCluster(driver: .fake)
            for name in ["web", "größe 漢字"] {
                let create = ["server", "create", name, "--flavor", "tiny", "--image", TestImage.name]
                try await cluster.succeed(create + ["--wait"])
            }
            try await listings(cluster)
            try await refusals(cluster)
            let exercise = try await cluster.python("exercise.py", ["--image", TestImage.name])
            #expect(exercise.exit == .status(0), "\(exercise.output)\(exercise.errorOutput)")
            #expect(exercise.output.split(separator: "\n").count { $0.hasPrefix("ok: ") } == 9)
            // It left what it found.
            try await listings(cluster)
        }

        /// Byte by byte what the command line prints, also for a user that has nothing.
        private func listings(_ cluster: TestCluster) async throws {
            let all = try await cluster.python("list_servers.py", ["--all"])
            #expect(all.exit == .status(0), "\(all.errorOutput)")
            let allOfCommandLine = try await cluster.succeed(["server", "list", "--all"])
            #expect(all.output == allOfCommandLine.output)
            #expect(all.output.contains("größe 漢字"))
            let own = try await cluster.python("list_servers.py", as: ("user", "alice"))
            #expect(own.exit == .status(0), "\(own.errorOutput)")
            let ownOfCommandLine = try await cluster.stator(["server", "list"], as: ("user", "alice"))
            #expect(own.output == ownOfCommandLine.output)
        }

        private func refusals(_ cluster: TestCluster) async throws {
            let denied = try await cluster.python("list_servers.py", ["--all"], as: ("user", "alice"))
            #expect(denied.exit == .status(1))
            #expect(denied.errorOutput.hasPrefix("list_servers: PERMISSION_DENIED: all_users is for operators"))
            // Anybody's certificate may be signed by the right authority; a conductor is no API.
            let other = try await cluster.python("list_servers.py", at: TestCluster.Daemon.conductors[0])
            #expect(other.exit == .status(1))
            #expect(other.errorOutput.contains("stator://dev/conductor/conductor1"))
            #expect(other.output == "")
        }
    }
}
