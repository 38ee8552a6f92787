import Foundation
import StatorTLS
import TestSupport

/// A certificate as some other tool may make it: right authority, but nothing said about its purpose.
enum PlainCertificate {
    static func make(in directory: TemporaryDirectory, trustRootsPath: String) throws -> TestCertificates.Paths {
        let authorityKey = trustRootsPath.replacingOccurrences(of: "ca.crt", with: "ca.key")
        let (key, certificate) = (directory.file("plain.key"), directory.file("plain.crt"))
        let request = directory.file("plain.csr")
        try run(["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key])
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        try run(["req", "-new", "-key", key, "-subj", "/CN=plain", "-out", request])
        try run([
            "x509", "-req", "-in", request, "-CA", trustRootsPath, "-CAkey", authorityKey, "-set_serial", "5", "-days",
            "2",
            "-out", certificate,
        ])
        return TestCertificates.Paths(
            certificateChainPath: certificate, privateKeyPath: key, trustRootsPath: trustRootsPath)
    }

    private static func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 {
            throw TestSupportError("openssl \(arguments) failed")
        }
    }
}
