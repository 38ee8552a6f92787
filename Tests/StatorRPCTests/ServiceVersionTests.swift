import ComputeMessages
import StatorObjects
import StatorRPC
import StatorReactor
import StatorWire
import Synchronization
import Testing
import TestSupport

@Suite("Service versions")
struct ServiceVersionTests {
    private static func endpoint(_ release: String, _ version: UInt32, oldest: UInt32 = 0) -> LocalEndpoint {
        LocalEndpoint(
            manifest: ComputeManifest.current, release: release, serviceVersion: version,
            oldestServiceVersion: oldest, oldestRelease: oldest == 0 ? nil : "0.\(oldest)")
    }

    @Test func `a peer that is too old is refused at HELLO, and is told why and what to do`() async throws {
        try await Rig.with(local: Self.endpoint("0.3.0", 3, oldest: 2)) { rig in
            let host = try TestCertificates.tls(class: "compute", name: "host1")
            try await rig.withChannel(host, local: Self.endpoint("0.1.0", 1)) { channel in
                let error = try await failure { try await channel.ask("x") }
                #expect(error.code == .failedPrecondition)
                #expect(
                    error.message.hasSuffix(
                        "refuses this side: compute 'host1' runs release 0.1.0 (service version 1); this conductor of "
                            + "release 0.3.0 (service version 3) works with service version 2 and later: upgrade it to "
                            + "release 0.2 or later first"))
            }
        }
    }

    @Test func `a client refuses a server that is too old in the same words`() async throws {
        try await Rig.with(local: Self.endpoint("0.1.0", 1)) { rig in
            try await rig.withChannel(local: Self.endpoint("0.3.0", 3, oldest: 2)) { channel in
                let error = try await failure { try await channel.ask("x") }
                #expect(error.code == .failedPrecondition)
                #expect(
                    error.message.contains("conductor 'conductor1' runs release 0.1.0 (service version 1); this api "))
            }
        }
    }

    @Test func `a peer of exactly the oldest service version is served`() async throws {
        try await Rig.with(local: Self.endpoint("0.3.0", 3, oldest: 2)) { rig in
            try await rig.withChannel(local: Self.endpoint("0.2.0", 2)) { channel in
                try await expect(channel, "x", answers: "x")
            }
        }
    }

    @Test func `a refused side tries again and is served as soon as it is welcome`() async throws {
        let old = Self.endpoint("0.1.0", 1)
        try await Rig.with(local: Self.endpoint("0.3.0", 3, oldest: 2)) { refusing in
            try await Rig.with(local: Self.endpoint("0.2.0", 2, oldest: 1)) { serving in
                let addresses = [refusing.address.description, serving.address.description]
                try await serving.withChannel(addresses: addresses, local: old) { channel in
                    try await expect(channel, "x", answers: "x")
                }
            }
        }
    }

    @Test func `a release's text cannot carry anything but text into the sentence`() async throws {
        try await Rig.with(local: Self.endpoint("0.3.0", 3, oldest: 2)) { rig in
            try await rig.withChannel(local: Self.endpoint("0.1\u{1B}[2J", 1)) { channel in
                let error = try await failure { try await channel.ask("x") }
                #expect(error.message.contains("runs release 0.1 [2J (service version 1)"))
            }
        }
    }

    @Test func `a method that the peer's release does not serve fails without asking it`() async throws {
        let newer = MethodDescriptor(
            service: "test.Newer", name: "Ask", id: TestMethods.unary.id, callers: [.api], isIdempotent: true, since: 2,
            shape: .unary)
        let asked = Counter()
        let router = CallRouter.unary(newer) { request, _ in
            asked.increment()
            return echo(request)
        }
        try await Rig.with(router, local: Self.endpoint("0.1.0", 1)) { rig in
            try await rig.withChannel(local: Self.endpoint("0.2.0", 2)) { channel in
                let error = try await failure { try await channel.ask("x", newer) }
                #expect(error.code == .unimplemented)
                #expect(error.message.hasPrefix("test.Newer/Ask needs service version 2; "))
                #expect(error.message.hasSuffix(" runs release 0.1.0 (service version 1)"))
                #expect(asked.value == 0)
            }
        }
        try await Rig.with(router, local: Self.endpoint("0.2.0", 2)) { rig in
            try await rig.withChannel(local: Self.endpoint("0.2.0", 2)) { channel in
                let answer = try await channel.ask("x", newer)
                #expect(answer == "x")
            }
        }
    }
}
