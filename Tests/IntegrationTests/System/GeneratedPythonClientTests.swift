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

    /// Writes protoc's and our modules to the folder, as the README says.
    static func write(to folder: String) async throws {
        let protos = repository.appendingPathComponent("Protos").path
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
        @Test func `a generated Python client lists, creates and watches servers, and older ones get what they know`()
            async throws
        {
            let cluster = try await TestCluster(driver: .fake)
            let package = try TemporaryDirectory()
            try await GeneratedPackage.write(to: package.path)
            let tls = try TestCertificates.tls(class: "operator", name: "admin")
            let process = try ChildProcess(
                executable: "/usr/bin/python3",
                arguments: [
                    "-B", "use_servers.py", "--address", cluster.address(of: .api), "--conductor",
                    cluster.address(of: TestCluster.Daemon.conductors[0]), "--certificate", tls.certificateChainPath,
                    "--key", tls.privateKeyPath, "--ca", tls.trustRootsPath, "--image", TestImage.name,
                ],
                environment: ["PYTHONPATH": package.path], workingDirectory: GeneratedPackage.programs)
            let exit = try await process.wait(timeout: .seconds(120))
            #expect(exit == .status(0), "\(process.output)\(process.errorOutput)")
            #expect(process.output.split(separator: "\n").count { $0.hasPrefix("ok: ") } == 12)
            // Nothing is left behind, neither a task nor a connection that complains.
            #expect(process.errorOutput == "")
        }
    }
}
