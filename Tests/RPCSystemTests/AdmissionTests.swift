import ComputeMessages
import Foundation
import RPCTestService
import StatorRPC
import StatorReactor
import StatorWire
import TestSupport
import Testing

/// The edges of what a server takes, found by peers of which there is one too many.
@Suite(.serialized) struct AdmissionTests {
    private static let silentCount = Scale.count("STATOR_RPC_SILENT", short: 1_000, full: 4_000)

    init() {
        signal(SIGPIPE, SIG_IGN)
    }

    @Test func `connections that say nothing take no more than the room for handshakes`() async throws {
        let handshakesMax = 100
        let server = try await ServerProcess.start(
            options: ["handshakes-max": handshakesMax, "handshake-timeout": 3_000], log: "critical")
        try await Clients.with { clients in
            try await clients.withChannel(to: [server.address]) { channel in
                _ = try await channel.echo("before")
                let load = Load([channel], kinds: [.repeatable, .once], milliseconds: 1...20)
                load.start(16, on: clients)
                let begin = ContinuousClock.now
                let silent = try (0..<Self.silentCount).map { _ in try HostilePeer(server.address) }
                try await waitUntil("all but so many are closed") {
                    for peer in silent where !peer.hasEnded { peer.look() }
                    return silent.count { !$0.hasEnded } <= handshakesMax
                }
                let closed = begin.duration(to: .now)
                #expect(silent.count { !$0.hasEnded } == handshakesMax || closed > .seconds(3))
                try await waitUntil("the others are closed when their time is up") {
                    for peer in silent where !peer.hasEnded { peer.look() }
                    return silent.allSatisfy(\.hasEnded)
                }
                report(
                    "silent connections: \(silent.count - handshakesMax) of \(silent.count) closed within \(text(closed)), "
                        + "the others after \(text(begin.duration(to: .now)))")
                try await clients.withChannel(to: [server.address]) { fresh in
                    let response = try await fresh.echo("fresh")
                    #expect(response == "fresh")
                }
                let outcome = await load.stop()
                let failures = outcome.failures.prefix(5).map(\.description)
                #expect(failures.isEmpty, "\(failures)")
            }
        }
        try await server.drain()
    }

    @Test func `of connections there are just as many as may be, and those are served`() async throws {
        let connectionsMax = 20
        let server = try await ServerProcess.start(options: ["connections-max": connectionsMax], log: "critical")
        try await Clients.with { clients in
            try await clients.withChannels(connectionsMax, to: [server.address]) { channels in
                for channel in channels { _ = try await channel.echo("in") }
                let load = Load(Array(channels.dropFirst()), kinds: [.repeatable, .once], milliseconds: 1...20)
                load.start(connectionsMax * 2, on: clients)
                let surplus = try (0..<50).map { _ in try HostilePeer(server.address) }
                try await waitUntil("they are closed at once") {
                    for peer in surplus where !peer.hasEnded { peer.look() }
                    return surplus.allSatisfy(\.hasEnded)
                }
                try await clients.withChannel(to: [server.address]) { late in
                    let options = CallOptions(timeout: .milliseconds(300))
                    let refused = try await failure {
                        try await late.unary(TestMethods.echo, makeRequest("late"), options: options) as ServerResponse
                    }
                    #expect(refused.code == .unavailable)
                    await channels[0].shutdown()
                    let response = try await late.echo("late")
                    #expect(response == "late")
                }
                let outcome = await load.stop()
                let failures = outcome.failures.prefix(5).map(\.description)
                #expect(failures.isEmpty, "\(failures)")
            }
        }
        try await server.drain()
    }
}
