import Foundation
import StatorTLS
import TestSupport
import Testing

@Suite struct ConfigurationTests {
    private let directory: TemporaryDirectory
    private let good: TestCertificates.Paths

    init() throws {
        directory = try TemporaryDirectory()
        good = try TestCertificates.tls(class: "compute", name: "host1")
    }

    private func failure(
        certificate: String? = nil, key: String? = nil, roots: String? = nil, revocationList: String? = nil
    ) -> TLSError? {
        let configuration = TLSConfiguration(
            certificateChainPath: certificate ?? good.certificateChainPath, privateKeyPath: key ?? good.privateKeyPath,
            trustRootsPath: roots ?? good.trustRootsPath, revocationListPath: revocationList)
        return #expect(throws: TLSError.self) { _ = try TLSContext(configuration, role: .client) }
    }

    @Test func `with a key that others may read is refused`() throws {
        let path = directory.file("open.key")
        try FileManager.default.copyItem(atPath: good.privateKeyPath, toPath: path)
        for (mode, text) in [(0o640, "0640"), (0o604, "0604")] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            let error = failure(key: path)
            #expect(error?.code == .keyExposed)
            #expect(
                error?.message
                    == "the private key file \(path) is open to others than its owner (mode \(text)); "
                    + "run: chmod 600 \(path)")
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: path)
        let configuration = TLSConfiguration(
            certificateChainPath: good.certificateChainPath, privateKeyPath: path, trustRootsPath: good.trustRootsPath)
        #expect(throws: Never.self) { _ = try TLSContext(configuration, role: .server) }
    }

    // As PostgreSQL has it; 1000 is the process's own user, 7 another's.
    @Test(
        arguments: [
            (1000, 0o600, nil), (1000, 0o400, nil), (1000, 0o700, nil), (0, 0o600, nil), (0, 0o640, nil),
            (0, 0o440, nil),
            (1000, 0o640, "is open to others than its owner (mode 0640); run: chmod 600 k"),
            (1000, 0o601, "is open to others than its owner (mode 0601); run: chmod 600 k"),
            (0, 0o644, "of root is open to more than reading by its group (mode 0644); run: chmod 640 k"),
            (0, 0o660, "of root is open to more than reading by its group (mode 0660); run: chmod 640 k"),
            (0, 0o650, "of root is open to more than reading by its group (mode 0650); run: chmod 640 k"),
            (7, 0o600, "belongs to another user (7), who could change it; run: chown 1000 k"),
        ] as [(UInt32, UInt32, String?)])
    func `takes a key of its user or of root that nobody else may open`(
        _ owner: UInt32, _ mode: UInt32, _ objection: String?
    ) {
        #expect(FileSecrecy(owner: owner, mode: mode, user: 1000).objection(path: "k") == objection)
    }

    @Test func `holds root to the rule of owners where root is the user`() {
        #expect(FileSecrecy(owner: 0, mode: 0o640, user: 0).objection(path: "k") != nil)
        #expect(FileSecrecy(owner: 0, mode: 0o600, user: 0).objection(path: "k") == nil)
    }

    @Test func `with a key of another certificate is refused`() throws {
        let other = try TestCertificates.tls(class: "compute", name: "host2").privateKeyPath
        let error = failure(key: other)
        #expect(error?.code == .keyMismatch)
        #expect(
            error?.message
                == "the private key \(other) does not belong to the certificate \(good.certificateChainPath)")
    }

    @Test func `with a file that is missing or no file is refused`() {
        let missing = directory.file("none")
        #expect(
            failure(certificate: missing)?.message
                == "cannot read the certificate file \(missing): No such file or directory")
        #expect(
            failure(key: missing)?.message == "cannot read the private key file \(missing): No such file or directory")
        #expect(
            failure(roots: missing)?.message
                == "cannot read the certificate authority file \(missing): No such file or directory")
        #expect(
            failure(revocationList: missing)?.message
                == "cannot read the revocation list file \(missing): No such file or directory")
        #expect(
            failure(roots: directory.path)?.message
                == "cannot read the certificate authority file \(directory.path): it is not a regular file")
    }

    @Test func `with a file that holds something else is refused`() throws {
        for text in ["", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let path = try directory.write(text, to: "wrong")
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            #expect(failure(certificate: path)?.code == .fileUnreadable)
            #expect(failure(roots: path)?.code == .fileUnreadable)
            #expect(failure(key: path)?.code == .fileUnreadable)
            #expect(failure(revocationList: path)?.code == .fileUnreadable)
        }
        #expect(
            failure(revocationList: good.trustRootsPath)?.message
                == "cannot read the revocation list file \(good.trustRootsPath): it holds no revocation list")
        #expect(
            failure(certificate: try directory.write("", to: "empty"))?.message.hasSuffix("it holds no certificate")
                == true)
    }

    @Test func `with a key under a passphrase is refused, and nobody is asked for it`() async throws {
        let path = directory.file("locked.key")
        let run = try await ChildProcess.run(
            "/usr/bin/openssl", ["ec", "-in", good.privateKeyPath, "-aes256", "-passout", "pass:secret", "-out", path])
        try #require(run.exit == .status(0), "\(run.errorOutput)")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        #expect(failure(key: path)?.message.contains("it holds no private key without a passphrase") == true)
    }

    @Test func `reads what a certificate says`() throws {
        let information = try CertificateInformation.read(pemFile: good.certificateChainPath)
        #expect(information.uris == ["stator://dev/compute/host1"])
        #expect(information.subject == "CN=host1,OU=compute,O=dev")
        let days = (Double(information.notAfter) - Date().timeIntervalSince1970) / 86_400
        #expect((363...366).contains(days))
        #expect(throws: TLSError.self) { try CertificateInformation.read(pemFile: good.privateKeyPath) }

        let expired = try TestCertificates.expired(class: "compute", name: "host1")
        let past = try CertificateInformation.read(pemFile: expired.certificateChainPath)
        #expect(Double(past.notAfter) < Date().timeIntervalSince1970)
        let anonymous = try TestCertificates.withoutSAN(class: "compute", name: "host1")
        #expect(try CertificateInformation.read(pemFile: anonymous.certificateChainPath).uris == [])
    }
}
