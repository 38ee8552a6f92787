import StatorTLS
import TestSupport
import Testing

@Suite struct ServerNameTests {
    private let client: TLSContext

    init() throws {
        client = try TLSContext(
            TLSConfiguration(TestCertificates.tls(class: "compute", name: "host1")), role: .client)
    }

    /// What comes of dialling a server with that certificate under that name.
    private func dial(_ name: String, _ paths: TestCertificates.Paths) throws -> (client: TLSError?, server: TLSError?)
    {
        var pair = try EnginePair(
            client: client, server: TLSContext(TLSConfiguration(paths), role: .server), serverName: name)
        pair.run()
        return (pair.client.failure, pair.server.failure)
    }

    @Test(arguments: ["localhost", "LOCALHOST", "127.0.0.1", "::1", "0:0:0:0:0:0:0:1"])
    func `is that of this machine in every server's certificate`(_ name: String) throws {
        for callerClass in ["conductor", "api"] {
            let outcome = try dial(name, TestCertificates.tls(class: callerClass, name: "\(callerClass)1"))
            #expect(outcome.client == nil)
            #expect(outcome.server == nil)
        }
    }

    @Test(arguments: ["db.example", "10.1.2.3", "fe80::7", "a.pod.example", "127.0.0.1"])
    func `is whatever else the certificate was issued for`(_ name: String) throws {
        let paths = try TestCertificates.server(
            class: "conductor", name: "conductor1", hosts: ["db.example", "10.1.2.3", "fe80::7", "*.pod.example"])
        #expect(try dial(name, paths).client == nil)
    }

    @Test(arguments: ["conductor1", "127.0.0.2", "::2", "localhost.example", "local", "host"])
    func `that the certificate lacks is refused with both sides' names`(_ name: String) throws {
        let outcome = try dial(name, TestCertificates.tls(class: "conductor", name: "conductor1"))
        #expect(outcome.client?.code == .certificateRejected)
        #expect(
            outcome.client?.message
                == "the peer's certificate (CN=conductor1,OU=conductor,O=dev) is not that of \(name): "
                + "it names localhost, 127.0.0.1, ::1")
        #expect(outcome.server?.code == .refusedByPeer)
    }

    @Test func `is not looked for in the subject`() throws {
        let outcome = try dial("conductor1", TestCertificates.withoutSAN(class: "conductor", name: "conductor1"))
        #expect(
            outcome.client?.message
                == "the peer's certificate (CN=conductor1,OU=conductor,O=dev) is not that of conductor1: it names no host"
        )
    }

    @Test func `is not asked for by one who is dialled, nor empty`() throws {
        #expect(throws: TLSError.self) { _ = try TLSEngine(client, role: .client, serverName: "") }
        #expect(throws: TLSError.self) { _ = try TLSEngine(client, role: .client, serverName: "a\0b") }
        let server = try TLSContext(
            TLSConfiguration(TestCertificates.tls(class: "conductor", name: "conductor1")), role: .server)
        #expect(throws: TLSError.self) { _ = try TLSEngine(server, role: .server, serverName: "localhost") }
    }
}
