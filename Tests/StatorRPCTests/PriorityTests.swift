import ComputeMessages
import StatorObjects
import StatorRPC
import StatorWire
import TestSupport
import Testing

extension TestMethods {
    static let lease = MethodDescriptor(
        service: "test.Test", name: "Lease", id: 21, callers: [.api], isIdempotent: true, isPriority: true, since: 1,
        shape: .unary)
}

@Suite struct PriorityTests {
    @Test func `a priority call is served when its peer has as many calls as it may have`() async throws {
        let gate = Gate()
        let running = Counter()
        var router = CallRouter.unary { request, _ in
            running.increment()
            await gate.wait()
            return echo(request)
        }
        router.register(
            TestMethods.lease,
            unary: { (request: ServerRequest, _: CallContext) async throws -> ServerResponse in echo(request) })
        try await Rig.with(router, limits: .init(callsPerPeerMax: 2)) { rig in
            try await rig.withChannel { channel in
                let waiting = (0..<2).map { number in Task { try await channel.ask("\(number)") } }
                try await waitUntil("both run") { running.value == 2 }
                let refused = try await failure { try await channel.ask("third") }
                #expect(refused.code == .resourceExhausted)
                let lease = try await channel.ask("lease", TestMethods.lease)
                #expect(lease == "lease")
                gate.open()
                for task in waiting { _ = try await task.value }
            }
        }
    }

    @Test func `a connection full of ordinary calls still takes priority ones`() async throws {
        let gate = Gate()
        let running = Counter()
        var router = CallRouter.unary { request, _ in
            running.increment()
            await gate.wait()
            return echo(request)
        }
        router.register(
            TestMethods.lease,
            immediate: { (request: ServerRequest, _: CallContext) throws -> ServerResponse in echo(request) })
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                let waiting = (0..<1_024).map { number in Task { try await channel.ask("\(number)") } }
                try await waitUntil("all run") { running.value == 1_024 }
                let refused = try await failure { try await channel.ask("one more") }
                #expect(refused.code == .resourceExhausted)
                let lease = try await channel.ask("lease", TestMethods.lease)
                #expect(lease == "lease")
                gate.open()
                for task in waiting { _ = try await task.value }
            }
        }
    }
}
