import Foundation
import TestSupport

/// A certificate authority of a test's own, by the scripts in `certs`.
final class Authority: Sendable {
    struct Certificate: Sendable {
        let certificatePath: String
        let keyPath: String
    }

    private let directory: TemporaryDirectory

    init() async throws {
        directory = try TemporaryDirectory()
        try await Self.run("make-certificates.sh", [directory.path, "conductor/conductor1"])
    }

    var rootPath: String { directory.file("ca.crt") }

    /// A new certificate each time, also for the same name.
    func issue(_ callerClass: String, _ name: String) async throws -> Certificate {
        let file = "\(name)-\(UInt32.random(in: .min ... .max))"
        try await Self.run("issue-certificate.sh", ["--file", file, directory.path, callerClass, name])
        return Certificate(certificatePath: directory.file("\(file).crt"), keyPath: directory.file("\(file).key"))
    }

    /// Writes the list with the certificates on it, and those that were on it before.
    func revoke(_ certificates: [Certificate], list: String) async throws {
        try await Self.run(
            "revoke-certificate.sh",
            ["--days", "2", "--list", list, directory.path] + certificates.map(\.certificatePath))
    }

    private static func run(_ script: String, _ arguments: [String]) async throws {
        let repository = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let result = try await ChildProcess.run(
            repository.appendingPathComponent("certs/\(script)").path, arguments)
        guard result.exit == .status(0) else {
            throw TestSupportError("\(script) failed (\(result.exit)): \(result.errorOutput)")
        }
    }
}

/// The files that a process was told to use, replaced while it runs.
final class InstalledFiles: Sendable {
    private let directory: TemporaryDirectory
    let paths: TestCertificates.Paths

    init(_ certificate: Authority.Certificate, trusting authorities: [Authority]) throws {
        directory = try TemporaryDirectory()
        paths = TestCertificates.Paths(
            certificateChainPath: directory.file("certificate"), privateKeyPath: directory.file("key"),
            trustRootsPath: directory.file("trust"))
        try install(certificate)
        try trust(authorities)
    }

    func install(_ certificate: Authority.Certificate) throws {
        try replace(paths.privateKeyPath, by: try contents(certificate.keyPath))
        try replace(paths.certificateChainPath, by: try contents(certificate.certificatePath))
    }

    func trust(_ authorities: [Authority]) throws {
        try replace(paths.trustRootsPath, by: Data(try authorities.map { try contents($0.rootPath) }.joined()))
    }

    /// As when a copy was interrupted.
    func writeHalf(of certificate: Authority.Certificate) throws {
        let data = try contents(certificate.certificatePath)
        try data.prefix(data.count / 2).write(to: URL(fileURLWithPath: paths.certificateChainPath))
    }

    func installKey(of certificate: Authority.Certificate) throws {
        try replace(paths.privateKeyPath, by: try contents(certificate.keyPath))
    }

    private func contents(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    private func replace(_ path: String, by data: Data) throws {
        let fresh = path + ".new"
        guard FileManager.default.createFile(atPath: fresh, contents: data, attributes: [.posixPermissions: 0o600])
        else {
            throw TestSupportError("cannot write \(fresh)")
        }
        guard rename(fresh, path) == 0 else { throw TestSupportError("cannot replace \(path)") }
    }
}
