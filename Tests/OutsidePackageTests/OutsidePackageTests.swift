import Foundation
import TestSupport
import Testing

/// A package outside of the tree, made of the files in `Tests/OutsidePackage` as the README tells its reader to.
private struct OutsidePackage {
    static let repository = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    let directory: TemporaryDirectory
    let server: TestCertificates.Paths
    let client: TestCertificates.Paths
    /// What was built lies in the repository, so that only the first run takes minutes.
    private let scratch = repository.appendingPathComponent(".build/outside-package").path

    init() throws {
        directory = try TemporaryDirectory()
        server = try TestCertificates.tls(class: "api", name: "tally")
        client = try TestCertificates.tls(class: "user", name: "alice")
        let templates = Self.repository.appendingPathComponent("Tests/OutsidePackage")
        let files = FileManager.default
        for name in try files.contentsOfDirectory(atPath: templates.path) {
            try files.copyItem(
                at: templates.appendingPathComponent(name), to: directory.url.appendingPathComponent(name))
        }
        let manifest = directory.file("Package.swift")
        let text = try String(contentsOfFile: manifest, encoding: .utf8)
        try text.replacing("\"../stator\"", with: "\"\(Self.repository.path)\"")
            .write(toFile: manifest, atomically: true, encoding: .utf8)
    }

    /// Generates the code of its protos and builds its executables; returns their folder.
    func build() async throws -> String {
        let plugin = try ChildProcess.builtExecutable("protoc-gen-stator")
        try await succeed(directory.file("generate.sh"), [Self.repository.path, plugin])
        let arguments = ["swift", "build", "--package-path", directory.path, "--scratch-path", scratch]
        try await succeed("/usr/bin/env", arguments, timeout: .seconds(1_200))
        return "\(scratch)/debug"
    }

    /// What a program says that is to end well.
    @discardableResult
    func succeed(
        _ program: String, _ arguments: [String], environment: [String: String]? = nil,
        timeout: Duration = .seconds(60)
    ) async throws -> [String] {
        let result = try await ChildProcess.run(program, arguments, environment: environment, timeout: timeout)
        guard result.exit == .status(0) else {
            let command = ([program] + arguments).joined(separator: " ")
            throw TestSupportError("\(command) ended with \(result.exit): \(result.output)\(result.errorOutput)")
        }
        return result.output.split(separator: "\n").map(String.init)
    }
}

@Suite struct OutsidePackageTests {
    @Test func `a package of others has protos, a server and clients of its own, in Swift and in Python`() async throws
    {
        let package = try OutsidePackage()
        let programs = try await package.build()
        let server = try ChildProcess(
            executable: "\(programs)/tally-server", arguments: ["127.0.0.1:0"] + package.server.arguments)
        try await server.waitForOutput("listening at ")
        let address = try #require(server.output.split(separator: "\n").first?.split(separator: " ").last)
        let arguments = [String(address)] + package.client.arguments

        let swift = try await package.succeed("\(programs)/tally-client", arguments)
        #expect(
            swift.dropLast() == [
                "total 2", "total 5", "total 4", "total 9", "total 6",
                "entry apples 2 because", "entry apples 3 because", "entry pears 4 because", "entry pears 5 because",
                "entry plums 6 because",
                // A reader of the older version.
                "entry apples 2 without reason", "entry apples 3 without reason", "entry pears 4 without reason",
                "entry pears 5 without reason",
            ])
        #expect(swift.last?.contains("tally.v1.Entry 1.1 cannot be sent to a receiver of version 1.0") == true)
        #expect(swift.last?.contains("unit") == true)

        let runtime = OutsidePackage.repository.appendingPathComponent("Sources/Python").path
        let python = try await package.succeed(
            "/usr/bin/python3", ["-B", package.directory.file("client.py")] + arguments,
            environment: ["PYTHONPATH": "\(package.directory.file("Python")):\(runtime)"])
        #expect(
            python == [
                "total 1", "total 3", "total 6", "total 4950",
                "INVALID_ARGUMENT: an entry has a name and an amount", "entry nuts 99 because",
                "FAILED_PRECONDITION: tally.v1.Entry 1.1 cannot be sent to a receiver of version 1.0: "
                    + "its field unit would be lost.",
                "entry pears 5 without reason", "entry nuts 1000 because",
            ])
    }
}

extension TestCertificates.Paths {
    fileprivate var arguments: [String] { [certificateChainPath, privateKeyPath, trustRootsPath] }
}
