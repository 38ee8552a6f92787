import ComputeMessages
import StatorObjects
import StatorRPC
import StatorTLS
import StatorWire
import TestSupport
import Testing

/// What one peer can take up of what is there for all.
@Suite struct PeerLimitTests {
    private let first: TestCertificates.Paths
    private let second: TestCertificates.Paths

    init() throws {
        first = try TestCertificates.tls(class: "api", name: "api1")
        second = try TestCertificates.tls(class: "api", name: "api2")
    }

    /// Answers at once, but for requests that begin with "wait".
    private func waiting(_ started: Counter) -> CallRouter {
        CallRouter.unary { request, _ in
            if request.server?.hasPrefix("wait") == true {
                started.increment()
                try await Task.sleep(for: .seconds(60))
            }
            return echo(request)
        }
    }

    @Test func `one peer has so many calls at a time over all its connections, and others have theirs`() async throws {
        let started = Counter()
        try await Rig.with(waiting(started), limits: .init(callsPerPeerMax: 2)) { rig in
            try await rig.withChannel(first) { one in
                try await rig.withChannel(first) { again in
                    let calls = (0..<2).map { _ in Task { try? await one.ask("wait") } }
                    try await waitUntil("they run") { started.value == 2 }
                    let refused = try await failure { try await again.ask("more") }
                    #expect(refused.code == .resourceExhausted)
                    #expect(refused.message == "stator://dev/api/api1 has 2 calls running here, as many as it may have")
                    try await rig.withChannel(second) { try await expect($0, "other", answers: "other") }
                    for call in calls { call.cancel() }
                    try await waitUntil("there is room again") { (try? await again.ask("more")) == "more" }
                }
            }
        }
    }

    @Test func `the requests of one peer's calls have so many bytes`() async throws {
        let started = Counter()
        let long = "wait" + String(repeating: "x", count: 200)
        try await Rig.with(waiting(started), limits: .init(requestBytesPerPeerMax: 300)) { rig in
            try await rig.withChannel(first) { one in
                let call = Task { try? await one.ask(long) }
                try await waitUntil("it runs") { started.value == 1 }
                let refused = try await failure { try await one.ask(long) }
                #expect(refused.code == .resourceExhausted)
                #expect(refused.message.contains("300 bytes"))
                try await expect(one, "short", answers: "short")
                call.cancel()
                _ = await call.value
            }
        }
    }

    @Test func `one peer has so many connections, and others have theirs`() async throws {
        try await Rig.with(limits: .init(connectionsPerPeerMax: 1)) { rig in
            try await rig.withChannel(first) { one in
                try await expect(one, "web", answers: "web")
                try await rig.withChannel(first) { again in
                    let refused = try await failure {
                        try await again.ask("web", options: CallOptions(timeout: .milliseconds(500)))
                    }
                    #expect(refused.code == .unavailable)
                    #expect(refused.message.contains("stator://dev/api/api1 has 1 connections here"), "\(refused)")
                    try await rig.withChannel(second) { try await expect($0, "other", answers: "other") }
                    await one.shutdown()
                    try await expect(again, "web", answers: "web")
                }
            }
        }
    }

    @Test func `a manifest that others crowd out during a handshake is not missed`() async throws {
        try await Rig.with { rig in
            try await rig.withChannel(second) { try await expect($0, "known", answers: "known") }
            let slow = try await RawPeer(rig.address, tls: first)
            let known = ComputeManifest.current.canonicalBytes.withUnsafeBytes { sha256($0) }
            try slow.send(hello(known))
            // The server's HELLO and HELLO_ACK.
            let serverHello = 12 + 41 + "0.1.0".utf8.count
            try await slow.waitForBytes(serverHello + 13)
            for number in 0..<70 {
                let manifest = Array("test.Object\(number) 1.0\n".utf8)
                let other = try await RawPeer(rig.address, tls: first)
                try other.send(hello(manifest.withUnsafeBytes { sha256($0) }) + frame(3, manifest))
                try await other.waitForBytes(serverHello + 13)
            }
            try slow.send(frame(2, [0]))
            // A call of a method that nobody serves is answered, and the connection stays.
            try slow.send(frame(4, flags: 2, stream: 1, [UInt8](repeating: 0, count: 16)))
            try await slow.waitForBytes(serverHello + 13 + 20)
            #expect(String(decoding: slow.received, as: UTF8.self).contains("no method with the number 0x0"))
        }
    }

    private func hello(_ fingerprint: [UInt8]) -> [UInt8] {
        frame(1, [0, 1, 0, 0, 0, 0, 0, 1] + fingerprint + [0])
    }

    private func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt8 = 0, _ payload: [UInt8]) -> [UInt8] {
        [0, 0, 0, UInt8(payload.count), type, flags, 0, 0, 0, 0, 0, stream] + payload
    }
}
