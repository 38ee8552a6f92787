import StatorTLS
import TestSupport
import Testing

@Suite struct HandshakeTests {
    @Test(arguments: [1, 2, 3, 7, 64, 1000, Int.max])
    func `succeeds however the network cuts the bytes`(_ pieces: Int) throws {
        var pair = try EnginePair()
        pair.run(pieces: pieces)
        #expect(pair.client.failure == nil)
        #expect(pair.server.failure == nil)
        #expect(pair.client.isComplete == true)
        #expect(pair.server.isComplete == true)
        try pair.client.write([1, 2, 3])
        try pair.server.write([4, 5])
        pair.run(pieces: pieces)
        #expect(pair.server.received == [1, 2, 3])
        #expect(pair.client.received == [4, 5])
    }

    @Test func `tells each side the other's identities`() throws {
        var pair = try EnginePair()
        let early = #expect(throws: TLSError.self) { try pair.server.engine.peerURIs() }
        #expect(early?.code == .misuse)
        try pair.connect()
        #expect(try pair.client.engine.peerURIs() == ["stator://dev/conductor/conductor1"])
        #expect(try pair.server.engine.peerURIs() == ["stator://dev/compute/host1"])
    }

    @Test func `tells of a certificate without an identity that it has none`() throws {
        var pair = try EnginePair(client: TestCertificates.withoutSAN(class: "compute", name: "host1"))
        try pair.connect()
        #expect(try pair.server.engine.peerURIs() == [])
    }

    @Test func `refuses a client's expired certificate on both sides with a sentence`() throws {
        var pair = try EnginePair(client: TestCertificates.expired(class: "compute", name: "host1"))
        pair.run()
        #expect(pair.server.failure?.code == .certificateRejected)
        #expect(
            pair.server.failure?.message.hasPrefix(
                "the peer's certificate (CN=host1,OU=compute,O=dev) has expired on 20") == true)
        #expect(pair.client.failure?.code == .refusedByPeer)
        #expect(pair.client.failure?.message == "the peer refused our certificate: expired")
    }

    @Test func `refuses a server's expired certificate on both sides with a sentence`() throws {
        var pair = try EnginePair(server: TestCertificates.expired(class: "conductor", name: "conductor1"))
        pair.run()
        #expect(pair.client.failure?.message.contains("has expired on") == true)
        #expect(pair.server.failure?.message == "the peer refused our certificate: expired")
        #expect(pair.server.isComplete == false)
    }

    @Test func `refuses a certificate of another authority`() throws {
        var pair = try EnginePair(client: TestCertificates.otherAuthority(class: "compute", name: "host1"))
        pair.run()
        #expect(pair.server.failure?.code == .certificateRejected)
        #expect(
            pair.server.failure?.message.hasSuffix(
                "is signed by a certificate authority that this side does not trust") == true)
        #expect(
            pair.client.failure?.message
                == "the peer refused our certificate: it does not trust the certificate authority that signed it")

        pair = try EnginePair(server: TestCertificates.otherAuthority(class: "conductor", name: "conductor1"))
        pair.run()
        #expect(pair.client.failure?.code == .certificateRejected)
        #expect(pair.server.failure?.code == .refusedByPeer)
    }

    @Test func `refuses a server whose certificate is for clients only`() throws {
        var pair = try EnginePair(server: TestCertificates.tls(class: "user", name: "alice"))
        pair.run()
        #expect(
            pair.client.failure?.message
                == "the peer's certificate (CN=alice,OU=user,O=dev) is not meant for a server: "
                + "its extended key usage lacks serverAuth")
        #expect(
            pair.server.failure?.message
                == "the peer refused our certificate: it is not meant for this role (extended key usage)")
    }

    @Test func `refuses a certificate that names no purpose`() throws {
        let directory = try TemporaryDirectory()
        let trusted = try TestCertificates.tls(class: "compute", name: "host1")
        let paths = try PlainCertificate.make(in: directory, trustRootsPath: trusted.trustRootsPath)
        var pair = try EnginePair(client: paths)
        pair.run()
        #expect(pair.server.failure?.message.hasSuffix("its extended key usage lacks clientAuth") == true)
    }

    @Test func `fails in the same way from then on`() throws {
        var pair = try EnginePair(client: TestCertificates.expired(class: "compute", name: "host1"))
        pair.run()
        let found = pair.server.failure
        let failure = try #require(found)
        pair.server.receive([1, 2, 3])
        #expect(throws: failure) { try pair.server.handshake() }
        #expect(throws: failure) { try pair.server.write([1]) }
        #expect(throws: failure) { _ = try pair.server.readAll() }
        #expect(throws: failure) { try pair.server.engine.peerURIs() }
        pair.server.close()
    }

    @Test func `allows neither reading nor writing before it is complete`() throws {
        var pair = try EnginePair()
        #expect(throws: TLSError.self) { try pair.client.write([1]) }
        #expect(throws: TLSError.self) { _ = try pair.client.readAll() }
        try pair.connect()
    }

    @Test func `takes a context for its own role only`() throws {
        let paths = try TestCertificates.tls(class: "conductor", name: "conductor1")
        let context = try TLSContext(TLSConfiguration(paths), role: .client)
        let error = #expect(throws: TLSError.self) { _ = try TLSEngine(context, role: .server) }
        #expect(error?.code == .misuse)
    }
}
