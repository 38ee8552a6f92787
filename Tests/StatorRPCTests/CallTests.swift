import ComputeMessages
import StatorObjects
import StatorRPC
import StatorReactor
import StatorWire
import TestSupport
import Testing

@Suite struct CallTests {
    @Test func `a unary call is answered`() async throws {
        try await Rig.with { rig in
            try await rig.withChannel { channel in
                try await expect(channel, "web", answers: "web")
            }
        }
    }

    @Test func `both sides learn who the other is and what it runs`() async throws {
        let router = CallRouter.unary { _, context in
            let peer = context.connection.peer
            return echo(ServerRequest("\(context.caller) \(peer.release) \(peer.serviceVersion)"))
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel(local: .older) { channel in
                try await expect(channel, "", answers: "stator://dev/api/api1 0.0.9 1")
                let peer = try #require(channel.connection?.peer)
                #expect(peer.identity.description == "stator://dev/conductor/conductor1")
                #expect(peer.manifest == ComputeManifest.current)
            }
        }
    }

    @Test func `many calls run at once on one connection`() async throws {
        let connections = Counter()
        try await Rig.with(onConnect: { _ in connections.increment() }) { rig in
            try await rig.withChannel { channel in
                let answers = try await withThrowingTaskGroup(of: String?.self) { group in
                    for number in 0..<500 { group.addTask { try await channel.ask("\(number)") } }
                    return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
                }
                #expect(answers.count == 500)
            }
        }
        #expect(connections.value == 1)
    }

    @Test func `a large message passes both ways`() async throws {
        var router = CallRouter()
        router.register(TestMethods.unary) { (request: ListServersResponse, _: CallContext) in request }
        var request = ListServersResponse()
        request.instances = (0..<10).map { number in
            var instance = Instance()
            instance.userData = [UInt8](repeating: UInt8(number), count: 60_000)
            return instance
        }
        try await Rig.with(router) { [request] rig in
            try await rig.withChannel { channel in
                let response: ListServersResponse = try await channel.unary(TestMethods.unary, request)
                #expect(response == request)
            }
        }
    }

    @Test func `a stream of responses comes in order and ends`() async throws {
        let router = CallRouter.streaming { _, responses, _ in
            for number in 0..<100 {
                var output = ConsoleOutput()
                output.data = [UInt8(number)]
                try await responses.write(output)
            }
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                var numbers: [UInt8] = []
                for try await output in try await channel.console() { numbers += output.data ?? [] }
                #expect(numbers == [UInt8](0..<100))
            }
        }
    }

    @Test func `a slow consumer holds its sender up, and nobody else`() async throws {
        let written = Counter()
        var router = CallRouter.streaming { _, responses, _ in
            var output = ConsoleOutput()
            output.data = [UInt8](repeating: 7, count: 16_000)
            for _ in 0..<200 {
                try await responses.write(output)
                written.increment()
            }
        }
        router.register(TestMethods.unary) { (request: ServerRequest, _: CallContext) in echo(request) }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                let stream = try await channel.console()
                try await waitUntil("the window is used up") { written.value >= 16 }
                try await expect(channel, "still there", answers: "still there")
                #expect(written.value == 17)
                var count = 0
                for try await _ in stream { count += 1 }
                #expect(count == 200)
            }
        }
    }

    @Test func `the acceptor of a connection calls its dialler`() async throws {
        let router = CallRouter.unary { request, context in
            echo(ServerRequest(try await context.connection.ask(request.server ?? "", TestMethods.back) ?? ""))
        }
        let back = CallRouter.unary(TestMethods.back) { request, context in
            echo(ServerRequest("\(request.server ?? "") as \(context.caller.callerClass)"))
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel(router: back) { channel in
                try await expect(channel, "asked back", answers: "asked back as conductor")
            }
        }
    }

    @Test func `the hook of a channel runs before ordinary calls`() async throws {
        let order = Counter()
        try await Rig.with { rig in
            let hook: @Sendable (Connection) async throws -> Void = { connection in
                _ = try await connection.ask("register")
                order.increment()
            }
            try await rig.withChannel(onConnect: hook) { channel in
                _ = try await channel.ask("web")
                #expect(order.value == 1)
            }
        }
    }

    @Test func `a hook that throws fails the attempt, and the next one is made`() async throws {
        let attempts = Counter()
        try await Rig.with { rig in
            let hook: @Sendable (Connection) async throws -> Void = { _ in
                if attempts.increment() < 3 { throw RPCError(.unavailable, "not yet") }
            }
            try await rig.withChannel(onConnect: hook) { channel in
                try await expect(channel, "web", answers: "web")
                #expect(attempts.value == 3)
            }
        }
    }

    @Test func `a handler's context carries deadline and key on`() async throws {
        let key = IdempotencyKey.random()
        let router = CallRouter.unary { _, context in
            let remaining = try #require(context.callOptions.timeout)
            #expect(remaining > .zero && remaining <= .seconds(20))
            return echo(ServerRequest(context.callOptions.idempotencyKey?.description ?? "none"))
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                let options = CallOptions(timeout: .seconds(20), idempotencyKey: key)
                try await expect(channel, "", options: options, answers: key.description)
            }
        }
    }
}
