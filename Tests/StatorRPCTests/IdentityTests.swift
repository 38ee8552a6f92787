import StatorRPC
import StatorWire
import TestSupport
import Testing

@Suite struct IdentityTests {
    @Test func `an identity is read from its URI`() throws {
        let identity = try Identity(uri: "stator://dev/compute/host-1.example_x")
        #expect(identity.deployment == "dev")
        #expect(identity.callerClass == .compute)
        #expect(identity.name == "host-1.example_x")
        #expect(identity.description == "stator://dev/compute/host-1.example_x")
    }

    @Test(arguments: [
        "", "stator://", "stator://dev", "stator://dev/compute", "stator://dev/compute/", "stator:///compute/host1",
        "stator://dev/root/host1", "stator://dev/compute/host1/", "stator://dev/compute/a/b",
        "http://dev/compute/host1",
        "stator://dev/compute/h\u{0}st", "stator://dev/compute/höst", "stator://dev/compute/ host",
        "STATOR://dev/user/a",
        "stator://dev/compute/\(String(repeating: "x", count: 256))",
    ])
    func `anything else is none`(_ uri: String) {
        let error = #expect(throws: RPCError.self) { try Identity(uri: uri) }
        #expect(error?.code == .unauthenticated)
    }

    @Test func `a client's certificate that is not acceptable is refused with a reason`() async throws {
        let cases = [
            (try TestCertificates.otherAuthority(class: "api", name: "api1"), "TLS"),
            (try TestCertificates.expired(class: "api", name: "api1"), "expired"),
            (try TestCertificates.withoutSAN(class: "api", name: "api1"), "stator://"),
        ]
        try await Rig.with { rig in
            for (paths, word) in cases {
                do {
                    try await rig.withChannel(paths) { channel in
                        let error = try await failure { try await channel.ask("web") }
                        #expect(error.code == .unauthenticated, "\(error)")
                        #expect(error.message.contains(word), "\(error)")
                        #expect(error.message.utf8.allSatisfy { $0 >= 0x20 })
                    }
                } catch let error as RPCError {
                    // Our own certificate names nobody: said before anything is dialled.
                    #expect(error.code == .unauthenticated)
                    #expect(error.message.contains(word), "\(error)")
                }
            }
        }
    }

    @Test func `a server without an acceptable certificate is not talked to`() async throws {
        let cases = [
            (try TestCertificates.otherAuthority(class: "conductor", name: "conductor1"), "conductor"),
            (try TestCertificates.expired(class: "conductor", name: "conductor1"), "expired"),
            (try TestCertificates.tls(class: "api", name: "api1"), "class api, not conductor"),
        ]
        for (paths, word) in cases {
            try await Rig.with(tls: paths) { rig in
                try await rig.withChannel { channel in
                    let error = try await failure { try await channel.ask("web") }
                    #expect(error.code == .unauthenticated, "\(error)")
                    #expect(error.message.contains(word), "\(error)")
                }
            }
        }
    }

    @Test func `a peer without a URI in its certificate is told so`() async throws {
        try await Rig.with { rig in
            let peer = try await RawPeer(
                rig.address, tls: try TestCertificates.withoutSAN(class: "api", name: "api1"))
            try await peer.waitForEnd()
            let text = String(decoding: peer.received, as: UTF8.self)
            #expect(text.contains("the peer's certificate has no stator://<deployment>/<class>/<name> URI"))
        }
    }
}
