import ComputeMessages
import StatorObjects
import StatorRPC
import StatorReactor
import StatorWire
import TestSupport
import Testing

/// What happens to calls whose connection is cut off while they run.
@Suite struct RetryTests {
    /// Cuts the connection off under the first `count` calls, then answers.
    private static func cutting(_ count: Int, _ method: MethodDescriptor, _ calls: Counter) -> CallRouter {
        .unary(method) { request, context in
            guard calls.increment() > count else {
                context.connection.close(reason: "cut off")
                return ServerResponse()
            }
            return echo(request)
        }
    }

    @Test func `an idempotent call that lost its connection is made again with the same key`() async throws {
        let keys = Keys()
        let router = CallRouter.unary { request, context in
            await keys.add(context.idempotencyKey)
            if await keys.all.count == 1 { context.connection.close(reason: "cut off") }
            return echo(request)
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                try await expect(channel, "again", answers: "again")
            }
        }
        let all = await keys.all
        #expect(all.count == 2)
        #expect(all[0] != nil)
        #expect(all[0] == all.last)
    }

    @Test func `another call fails with UNAVAILABLE, once`() async throws {
        let calls = Counter()
        try await Rig.with(Self.cutting(1, TestMethods.once, calls)) { rig in
            try await rig.withChannel { channel in
                let error = try await failure { try await channel.ask("a", TestMethods.once) }
                #expect(error.code == .unavailable)
                let next = try await channel.ask("b", TestMethods.once)
                #expect(next == "b")
            }
        }
        #expect(calls.value == 2)
    }

    @Test func `without tokens no call is made again`() async throws {
        let calls = Counter()
        try await Rig.with(Self.cutting(2, TestMethods.unary, calls)) { rig in
            try await rig.withChannel(retryTokensMax: 1) { channel in
                let error = try await failure { try await channel.ask("a") }
                #expect(error.code == .unavailable)
            }
        }
        #expect(calls.value == 2)
    }

    @Test func `a call is not made again after its deadline`() async throws {
        let calls = Counter()
        try await Rig.with(Self.cutting(1_000, TestMethods.unary, calls)) { rig in
            try await rig.withChannel { channel in
                let error = try await failure {
                    try await channel.ask("a", options: CallOptions(timeout: .milliseconds(300)))
                }
                #expect(error.code == .deadlineExceeded || error.code == .unavailable)
            }
        }
        #expect(calls.value > 1)
    }
}

private actor Keys {
    private(set) var all: [IdempotencyKey?] = []

    func add(_ key: IdempotencyKey?) {
        all.append(key)
    }
}
