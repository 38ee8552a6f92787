internal import Foundation

/// Certificates for tests, made by the scripts in `certs` once per process.
package final class TestCertificates: Sendable {
    /// What one side of a connection needs.
    package struct Paths: Hashable, Sendable {
        package let certificateChainPath: String
        package let privateKeyPath: String
        package let trustRootsPath: String

        package init(certificateChainPath: String, privateKeyPath: String, trustRootsPath: String) {
            self.certificateChainPath = certificateChainPath
            self.privateKeyPath = privateKeyPath
            self.trustRootsPath = trustRootsPath
        }
    }

    private struct Shared {
        let certificates: Result<TestCertificates, any Error>
    }

    // Removed at the end of the process: nothing else ends a static value's life.
    private static let shared: Shared = {
        let shared = Shared(certificates: Result { try TestCertificates() })
        atexit { TestCertificates.removeShared() }
        return shared
    }()

    private let trusted: TemporaryDirectory
    private let other: TemporaryDirectory
    private let lock = NSLock()

    private init() throws {
        trusted = try TemporaryDirectory()
        other = try TemporaryDirectory()
        try TestCertificates.runScript("make-certificates.sh", [trusted.path])
        try TestCertificates.runScript("make-certificates.sh", [other.path, "conductor/conductor1"])
    }

    /// The certificate of `stator://dev/<class>/<name>`, signed by the authority that all tests trust.
    package static func tls(class callerClass: String, name: String) throws -> Paths {
        try shared.certificates.get().issue(callerClass, name, file: "\(callerClass)-\(name)", options: [], days: [])
    }

    /// The certificate of a conductor or an API that is dialled under those names and addresses, besides the usual
    /// `localhost`, `127.0.0.1` and `::1`.
    package static func server(class callerClass: String, name: String, hosts: [String]) throws -> Paths {
        let file = "\(callerClass)-\(name)-\(hosts.map { $0.filter { $0 != ":" } }.joined(separator: "-"))"
        return try shared.certificates.get()
            .issue(callerClass, name, file: file, options: hosts.flatMap { ["--host", $0] }, days: [])
    }

    /// Writes the list on which the authority that all tests trust has put certificates, those of an earlier list in the
    /// same place included, and returns its path.
    package static func revocationList(
        in directory: TemporaryDirectory, revoked: [Paths] = [], hasExpired: Bool = false
    ) throws -> String {
        let certificates = try shared.certificates.get()
        let path = directory.file("revoked.crl")
        try certificates.lock.withLock {
            try runScript(
                "revoke-certificate.sh",
                ["--list", path, "--days", hasExpired ? "-1" : "2", certificates.trusted.path]
                    + revoked.map(\.certificateChainPath))
        }
        return path
    }

    /// The certificate of `stator://dev/<class>/<name>`, but expired since yesterday.
    package static func expired(class callerClass: String, name: String) throws -> Paths {
        try shared.certificates.get()
            .issue(callerClass, name, file: "expired-\(callerClass)-\(name)", options: [], days: ["-1"])
    }

    /// The same, but without a URI that says who it is.
    package static func withoutSAN(class callerClass: String, name: String) throws -> Paths {
        try shared.certificates.get()
            .issue(callerClass, name, file: "anonymous-\(callerClass)-\(name)", options: ["--without-san"], days: [])
    }

    /// The same identity, but signed by another authority; its owner trusts the usual one.
    package static func otherAuthority(class callerClass: String, name: String) throws -> Paths {
        let certificates = try shared.certificates.get()
        let paths = try certificates.issue(
            callerClass, name, file: "\(callerClass)-\(name)", options: [], days: [], in: certificates.other)
        return Paths(
            certificateChainPath: paths.certificateChainPath, privateKeyPath: paths.privateKeyPath,
            trustRootsPath: certificates.trusted.file("ca.crt"))
    }

    private func issue(
        _ callerClass: String, _ name: String, file: String, options: [String], days: [String],
        in directory: TemporaryDirectory? = nil
    ) throws -> Paths {
        let directory = directory ?? trusted
        let paths = Paths(
            certificateChainPath: directory.file("\(file).crt"), privateKeyPath: directory.file("\(file).key"),
            trustRootsPath: directory.file("ca.crt"))
        try lock.withLock {
            if !FileManager.default.fileExists(atPath: paths.certificateChainPath) {
                let arguments = options + ["--file", file, directory.path, callerClass, name] + days
                try TestCertificates.runScript("issue-certificate.sh", arguments)
            }
        }
        return paths
    }

    private static func removeShared() {
        if case .success(let certificates) = shared.certificates {
            for directory in [certificates.trusted, certificates.other] {
                try? FileManager.default.removeItem(at: directory.url)
            }
        }
    }

    private static func runScript(_ name: String, _ arguments: [String]) throws {
        let repository = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let process = try ChildProcess(
            executable: repository.appendingPathComponent("certs/\(name)").path, arguments: arguments)
        // Blocks this thread: the certificates are made inside a static value's initialisation.
        let exit = process.waitBlocking()
        guard exit == .status(0) else {
            throw TestSupportError("\(name) failed (\(exit)): \(process.errorOutput)")
        }
    }
}
