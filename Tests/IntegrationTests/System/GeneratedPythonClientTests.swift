import ClusterSupport
import Foundation
import TestSupport
import Testing

/// The package that `protoc-gen-stator` makes of the contract for Python, over the runtime in `Sources/Python`.
private enum GeneratedPackage {
    private static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static let programs = repository.appendingPathComponent("Tests/PythonClient").path

    /// Those of the work tree and of the frozen releases, of which the newest may be the same.
    static func protoFolders() throws -> [String] {
        let releases = repository.appendingPathComponent("Protos/releases")
        return try ["Protos"]
            + FileManager.default.contentsOfDirectory(atPath: releases.path)
            .filter { FileManager.default.fileExists(atPath: "\(releases.path)/\($0)/stator") }
            .sorted().map { "Protos/releases/\($0)" }
    }

    /// Writes protoc's and our modules to the folder, as the README says.
    static func write(_ protoFolder: String, to folder: String) async throws {
        let protos = repository.appendingPathComponent(protoFolder).path
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(protos)/stator/v1")
            .filter { $0.hasSuffix(".proto") }.sorted().map { "stator/v1/\($0)" }
        let plugin = try ChildProcess.builtExecutable("protoc-gen-stator")
        let result = try await ChildProcess.run(
            "/usr/bin/env",
            [
                "protoc", "--proto_path=\(protos)", "--plugin=protoc-gen-stator=\(plugin)", "--python_out=\(folder)",
                "--stator_out=\(folder)", "--stator_opt=mode=python",
            ] + names)
        guard result.exit == .status(0) else { throw TestSupportError("protoc failed: \(result.errorOutput)") }
    }
}

extension SystemTests {
    @Suite struct GeneratedPythonClientTests {
        @Test func `generated Python clients list, create and watch servers, and older ones get what they know`()
            async throws
        {
            let cluster = try await TestCluster(driver: .fake)
            let folders = try GeneratedPackage.protoFolders()
            #expect(folders.count > 1)
            for folder in folders {
                let package = try TemporaryDirectory()
                try await GeneratedPackage.write(folder, to: package.path)
                let process = try use(cluster, package: package.path)
                let exit = try await process.wait(timeout: .seconds(120))
                #expect(exit == .status(0), "\(folder): \(process.output)\(process.errorOutput)")
                #expect(process.output.split(separator: "\n").count { $0.hasPrefix("ok: ") } == 14)
                // Nothing is left behind, neither a task nor a connection that complains.
                #expect(process.errorOutput == "")
            }
        }

        /// Begins the program that uses servers in every way.
        private func use(_ cluster: TestCluster, package: String) throws -> ChildProcess {
            let tls = try TestCertificates.tls(class: "operator", name: "admin")
            return try ChildProcess(
                executable: "/usr/bin/python3",
                arguments: [
                    "-B", "use_servers.py", "--address", cluster.address(of: .api), "--conductor",
                    cluster.address(of: TestCluster.Daemon.conductors[0]), "--certificate", tls.certificateChainPath,
                    "--key", tls.privateKeyPath, "--ca", tls.trustRootsPath, "--image", TestImage.name,
                ],
                environment: ["PYTHONPATH": package], workingDirectory: GeneratedPackage.programs)
        }
    }
}
