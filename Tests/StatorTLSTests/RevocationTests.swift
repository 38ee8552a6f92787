import Foundation
import StatorTLS
import TestSupport
import Testing

@Suite struct RevocationTests {
    private let directory: TemporaryDirectory
    private let host: TestCertificates.Paths
    private let conductor: TestCertificates.Paths

    init() throws {
        directory = try TemporaryDirectory()
        host = try TestCertificates.tls(class: "compute", name: "host1")
        conductor = try TestCertificates.tls(class: "conductor", name: "conductor1")
    }

    private func list(revoked: [TestCertificates.Paths] = []) throws -> String {
        try TestCertificates.revocationList(in: directory, revoked: revoked)
    }

    private func context(
        _ paths: TestCertificates.Paths, _ role: TLSRole, list: String? = nil, roots: String? = nil
    ) throws -> TLSContext {
        var configuration = TLSConfiguration(paths)
        configuration.revocationListPath = list
        if let roots {
            configuration.trustRootsPath = roots
        }
        return try TLSContext(configuration, role: role)
    }

    @Test func `refuses a client on the list on both sides with a sentence`() throws {
        var pair = try EnginePair(
            client: context(host, .client), server: context(conductor, .server, list: list(revoked: [host])))
        pair.run()
        #expect(pair.server.failure?.code == .certificateRejected)
        #expect(
            pair.server.failure?.message == "the peer's certificate (CN=host1,OU=compute,O=dev) is revoked")
        #expect(pair.client.failure?.message == "the peer refused our certificate: revoked")
    }

    @Test func `refuses a server on the list`() throws {
        var pair = try EnginePair(
            client: context(host, .client, list: list(revoked: [conductor])), server: context(conductor, .server))
        pair.run()
        #expect(
            pair.client.failure?.message
                == "the peer's certificate (CN=conductor1,OU=conductor,O=dev) is revoked")
    }

    @Test func `takes those that are not on the list`() throws {
        let other = try TestCertificates.tls(class: "compute", name: "host2")
        let list = try list(revoked: [other])
        var pair = try EnginePair(
            client: context(host, .client, list: list), server: context(conductor, .server, list: list))
        try pair.connect()
        #expect(pair.server.isComplete == true)
    }

    @Test func `has no use for a list that has expired`() throws {
        let path = try TestCertificates.revocationList(in: directory, hasExpired: true)
        let error = #expect(throws: TLSError.self) { _ = try context(host, .client, list: path) }
        #expect(error?.code == .invalidRevocationList)
        let message = error?.message ?? ""
        #expect(message.hasPrefix("the revocation list of the certificate authority (CN=development authority"))
        #expect(message.contains(" in \(path) has expired on 20"))
        #expect(message.hasSuffix("; write a new one"))
    }

    @Test func `has no use for a list that somebody else has signed in the authority's name`() throws {
        let path = try list()
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let lines = text.split(separator: "\n")
        var body = try #require(Data(base64Encoded: lines.dropFirst().dropLast().joined()))
        // The signature is at the end.
        body[body.count - 1] ^= 1
        let forged = try directory.write(
            "\(lines[0])\n\(body.base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed]))\n\(lines.last ?? "")\n",
            to: "forged.crl")
        let error = #expect(throws: TLSError.self) { _ = try context(host, .client, list: forged) }
        #expect(error?.code == .invalidRevocationList)
        let message = error?.message ?? ""
        #expect(message.hasSuffix("is not signed by it"))
    }

    @Test func `refuses a peer of an authority without a list`() throws {
        let other = try TestCertificates.otherAuthority(class: "compute", name: "host1")
        // Both authorities are trusted, but only one has a list.
        let otherRoot = other.certificateChainPath.replacingOccurrences(of: "compute-host1.crt", with: "ca.crt")
        let roots = try directory.write(
            String(contentsOfFile: conductor.trustRootsPath, encoding: .utf8)
                + String(contentsOfFile: otherRoot, encoding: .utf8), to: "both.crt")
        let server = try context(conductor, .server, list: list(), roots: roots)
        var pair = try EnginePair(client: context(other, .client), server: server)
        pair.run()
        let message = pair.server.failure?.message ?? ""
        #expect(message.contains("cannot be checked: no revocation list of the authority that signed it (CN="))
        pair = try EnginePair(client: context(host, .client), server: server)
        try pair.connect()
    }

    @Test func `of an open connection's peer shows under a newer context`() throws {
        let old = try context(conductor, .server)
        var pair = try EnginePair(client: context(host, .client), server: old)
        try pair.connect()
        let before = try context(conductor, .server, list: list()).refusal(of: pair.server.engine)
        #expect(before == nil)
        let after = try context(conductor, .server, list: list(revoked: [host])).refusal(of: pair.server.engine)
        #expect(after?.code == .certificateRejected)
        #expect(after?.message == "the peer's certificate (CN=host1,OU=compute,O=dev) is revoked")
        // The server, for its client.
        let ofServer = try context(host, .client, list: list(revoked: [conductor])).refusal(of: pair.client.engine)
        #expect(ofServer?.message == "the peer's certificate (CN=conductor1,OU=conductor,O=dev) is revoked")
        let own = old.refusal(of: pair.server.engine)
        #expect(own == nil)
    }

    @Test func `of a resumed connection's peer shows too`() throws {
        let (client, server) = (try context(host, .client), try context(conductor, .server))
        var pair = try EnginePair(client: client, server: server, sessionKey: "a")
        try pair.connect()
        pair = try EnginePair(client: client, server: server, sessionKey: "a")
        try pair.connect()
        let isResumed = pair.server.engine.isResumed
        try #require(isResumed)
        let before = try context(conductor, .server, list: list()).refusal(of: pair.server.engine)
        #expect(before == nil)
        let after = try context(conductor, .server, list: list(revoked: [host])).refusal(of: pair.server.engine)
        #expect(after?.message.hasSuffix("is revoked") == true)
    }

    @Test func `is not outlived by a session`() throws {
        let client = try context(host, .client)
        var pair = try EnginePair(client: client, server: context(conductor, .server), sessionKey: "a")
        try pair.connect()
        pair = try EnginePair(
            client: client, server: context(conductor, .server, list: list(revoked: [host])), sessionKey: "a")
        pair.run()
        #expect(pair.server.failure?.message.hasSuffix("is revoked") == true)
    }

    @Test func `is not all that a newer context may object to`() throws {
        let other = try TestCertificates.otherAuthority(class: "conductor", name: "conductor1")
        let otherRoot = other.certificateChainPath.replacingOccurrences(of: "conductor-conductor1.crt", with: "ca.crt")
        var pair = try EnginePair(client: context(host, .client), server: context(conductor, .server))
        try pair.connect()
        let refusal = try context(conductor, .server, roots: otherRoot).refusal(of: pair.server.engine)
        #expect(
            refusal?.message
                == "the peer's certificate (CN=host1,OU=compute,O=dev) is signed by a certificate authority that this side "
                + "does not trust")
        let both = try directory.write(
            String(contentsOfFile: otherRoot, encoding: .utf8)
                + String(contentsOfFile: conductor.trustRootsPath, encoding: .utf8), to: "both.crt")
        let none = try context(conductor, .server, roots: both).refusal(of: pair.server.engine)
        #expect(none == nil)
    }
}
