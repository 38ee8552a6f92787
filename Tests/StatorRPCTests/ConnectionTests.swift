import ComputeMessages
import StatorObjects
import StatorRPC
import StatorReactor
import StatorTLS
import StatorWire
import TestSupport
import Testing

/// Peers that misbehave, vanish or come too many at a time.
@Suite struct ConnectionTests {
    private let garbage = [UInt8]("GET / HTTP/1.1\r\nHost: stator\r\n\r\n".utf8)
    private static let unknownFingerprint = [UInt8](repeating: 9, count: 32)

    private func hello(_ fingerprint: [UInt8]) -> [UInt8] {
        [0, 0, 0, 41, 1, 0, 0, 0, 0, 0, 0, 0] + [0, 1, 0, 0, 0, 0, 0, 1] + fingerprint + [0]
    }

    @Test func `garbage at each phase costs the sender its connection and nobody else`() async throws {
        let api = try TestCertificates.tls(class: "api", name: "api1")
        try await Rig.with { rig in
            try await rig.withChannel { channel in
                try await expect(channel, "before", answers: "before")
                let beforeTLS = try await RawPeer(rig.address)
                try await waitUntil("it is connected") { (try? beforeTLS.send(garbage)) != nil }
                try await beforeTLS.waitForEnd()

                let beforeHello = try await RawPeer(rig.address, tls: api)
                try beforeHello.send(garbage)
                try await beforeHello.waitForEnd()
                #expect(String(decoding: beforeHello.received, as: UTF8.self).contains("the limit is"))

                let wrongManifest = try await RawPeer(rig.address, tls: api)
                try wrongManifest.send(hello(Self.unknownFingerprint))
                try wrongManifest.send([0, 0, 0, 1, 3, 0, 0, 0, 0, 0, 0, 0, 7])
                try await wrongManifest.waitForEnd()
                #expect(
                    String(decoding: wrongManifest.received, as: UTF8.self)
                        .contains("the MANIFEST is not the one that HELLO named"))

                let afterHello = try await RawPeer(rig.address, tls: api)
                try afterHello.send(hello(Self.unknownFingerprint) + [UInt8](repeating: 0xFF, count: 100_000))
                try await afterHello.waitForEnd()
                try await expect(channel, "after", answers: "after")
            }
        }
    }

    @Test func `a peer that says nothing is dropped after the handshake timeout`() async throws {
        try await Rig.with(timing: WireTiming(handshakeTimeout: .seconds(1))) { rig in
            let silent = try await RawPeer(rig.address)
            try await silent.waitForEnd()
            let afterTLS = try await RawPeer(rig.address, tls: try TestCertificates.tls(class: "api", name: "api1"))
            try await afterTLS.waitForEnd()
            #expect(String(decoding: afterTLS.received, as: UTF8.self).contains("HELLO did not come in time"))
        }
    }

    @Test func `a peer that no longer answers is dropped by the keepalive`() async throws {
        let timing = WireTiming(
            handshakeTimeout: .seconds(5), pingInterval: .milliseconds(50), pingTimeout: .milliseconds(50))
        try await Rig.with(timing: timing) { rig in
            try await rig.withChannel { channel in
                try await expect(channel, "web", answers: "web")
                let silent = try await RawPeer(rig.address, tls: try TestCertificates.tls(class: "api", name: "api1"))
                // A manifest that the server knows, and HELLO_ACK.
                let fingerprint = ComputeManifest.current.canonicalBytes.withUnsafeBytes { sha256($0) }
                try silent.send(hello(fingerprint) + [0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0])
                try await silent.waitForEnd()
                #expect(String(decoding: silent.received, as: UTF8.self).contains("the peer does not answer"))
                // One that answers stays.
                #expect(channel.connection?.isOpen == true)
            }
        }
    }

    @Test func `a connection over the limit is closed, and served when there is room`() async throws {
        try await Rig.with(limits: .init(connectionsMax: 1)) { rig in
            let first = try await RawPeer(rig.address, tls: try TestCertificates.tls(class: "api", name: "api1"))
            let second = try await RawPeer(rig.address)
            try await second.waitForEnd()
            try await rig.withChannel { channel in
                let error = try await failure {
                    try await channel.ask("web", options: CallOptions(timeout: .milliseconds(200)))
                }
                #expect(error.code == .unavailable)
                try first.send(garbage)
                try await expect(channel, "web", answers: "web")
            }
        }
    }

    @Test func `a call that is not idempotent fails when its connection is lost`() async throws {
        let runs = Counter()
        let router = CallRouter.unary(TestMethods.once) { request, context in
            runs.increment()
            context.connection.close(reason: "gone")
            try? await Task.sleep(for: .seconds(60))
            return echo(request)
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                let error = try await failure { try await channel.ask("web", TestMethods.once) }
                #expect(error.code == .unavailable)
                #expect(error.message.hasSuffix("closed the connection: gone"), "\(error)")
                #expect(runs.value == 1)
            }
        }
    }

    @Test func `an idempotent call is made again on the next connection, with the same key`() async throws {
        let runs = Counter()
        let router = CallRouter.unary { request, context in
            if runs.increment() == 1 {
                context.connection.close(reason: "gone")
                try? await Task.sleep(for: .seconds(60))
            }
            return echo(ServerRequest(context.idempotencyKey?.description ?? "none"))
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                let key = IdempotencyKey.random()
                let answer = try await channel.ask("web", options: CallOptions(idempotencyKey: key))
                #expect(answer == key.description)
                #expect(runs.value == 2)
            }
        }
    }

    @Test func `a stream that broke before its first response is opened again, later it fails`() async throws {
        let runs = Counter()
        let router = CallRouter.streaming { _, responses, context in
            let run = runs.increment()
            if run > 1 { try await responses.write(.init()) }
            if run < 3 { context.connection.close(reason: "gone") }
            try await Task.sleep(for: .seconds(60))
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                var iterator = try await channel.console().makeAsyncIterator()
                var count = 0
                let error = try await failure {
                    while try await iterator.next() != nil { count += 1 }
                }
                #expect(error.code == .unavailable)
                #expect(count == 1)
                #expect(runs.value == 2)
            }
        }
    }

    @Test func `when the connection is lost its handlers are cancelled`() async throws {
        let (started, cancelled) = (Counter(), Counter())
        let router = CallRouter.unary { request, _ in
            started.increment()
            do { try await Task.sleep(for: .seconds(60)) } catch { cancelled.increment() }
            return echo(request)
        }
        let (connected, disconnected) = (Counter(), Counter())
        try await Rig.with(
            router, onConnect: { _ in connected.increment() }, onDisconnect: { _ in disconnected.increment() }
        ) { rig in
            try await rig.withChannel { channel in
                let options = CallOptions(timeout: .seconds(1))
                let task = Task { try await failure { try await channel.ask("web", options: options) } }
                try await waitUntil("the handler runs") { started.value == 1 }
                channel.connection?.close(reason: "enough")
                try await waitUntil("the handler is cancelled") { cancelled.value >= 1 }
                task.cancel()
                _ = try await task.value
                try await waitUntil("it is told") { disconnected.value >= 1 && connected.value >= 1 }
            }
        }
    }

    @Test func `a channel goes on with another server when one shuts down`() async throws {
        try await Rig.with(named("first")) { first in
            try await Rig.with(named("second")) { second in
                let addresses = [first.address.description, second.address.description]
                try await first.withChannel(addresses: addresses) { channel in
                    try await expect(channel, "", answers: "first")
                    await first.server.shutdown()
                    try await expect(channel, "", answers: "second")
                }
            }
        }
    }

    @Test func `a channel comes back to a server that was restarted`() async throws {
        var port: UInt16 = 0
        try await Rig.with(named("old")) { rig in
            port = try #require(rig.address.port)
        }
        try await Rig.with(named("elsewhere")) { rig in
            try await rig.withChannel(addresses: ["localhost:\(port)"]) { channel in
                let refused = try await failure {
                    try await channel.ask("", options: CallOptions(timeout: .milliseconds(300)))
                }
                #expect(refused.code == .unavailable)
                #expect(refused.message.contains("Connection refused"))
                let atOnce = try await failure { try await channel.ask("", options: CallOptions(waitForReady: false)) }
                #expect(atOnce.code == .unavailable)
                try await Rig.with(named("new"), port: port) { _ in
                    try await expect(channel, "", answers: "new")
                }
            }
        }
    }

    @Test func `shutting down lets running calls finish`() async throws {
        let started = Counter()
        let router = CallRouter.unary { request, _ in
            started.increment()
            try await Task.sleep(for: .milliseconds(100))
            return echo(request)
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                async let answer = channel.ask("web", options: CallOptions(timeout: .seconds(5)))
                try await waitUntil("the handler runs") { started.value == 1 }
                await rig.server.shutdown()
                #expect(try await answer == "web")
            }
        }
    }

    @Test func `a port that is taken is refused with the address`() async throws {
        try await Rig.with { rig in
            let error = try await failure {
                try await Rig.with(port: rig.address.port ?? 0) { _ in }
            }
            #expect(error.code == .unavailable)
            #expect(error.message.contains(rig.address.description))
        }
    }

    private func named(_ name: String) -> CallRouter {
        CallRouter.unary { _, _ in echo(ServerRequest(name)) }
    }
}
