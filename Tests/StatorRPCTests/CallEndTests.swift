import ComputeMessages
import StatorObjects
import StatorRPC
import StatorReactor
import StatorWire
import TestSupport
import Testing

/// How calls end other than well.
@Suite struct CallEndTests {
    struct Refusal: RPCErrorConvertible {
        var rpcError: RPCError { RPCError(.aborted, "somebody was faster") }
    }

    struct Secret: Error {}

    @Test func `what a handler throws is what the caller gets`() async throws {
        let router = CallRouter.unary { request, _ in
            switch request.server {
            case "refusal": throw Refusal()
            case "cancelled": throw CancellationError()
            case "error": throw RPCError(.notFound, "there is no such server")
            case "control":
                throw RPCError(.notFound, "red \u{1b}[31malert\u{202e}\r\n" + String(repeating: "x", count: 4_000))
            case "object":
                throw ObjectError(
                    .lostInLowering, object: "stator.v1.Instance", field: "user_data", message: "cannot be said")
            default: throw Secret()
            }
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                let refusal = try await failure { try await channel.ask("refusal") }
                #expect(refusal.description == "ABORTED: somebody was faster")
                let cancelled = try await failure { try await channel.ask("cancelled") }
                #expect(cancelled.code == .cancelled)
                let notFound = try await failure { try await channel.ask("error") }
                #expect(notFound.description == "NOT_FOUND: there is no such server")
                let control = try await failure { try await channel.ask("control") }.message
                #expect(control.hasPrefix("red  [31malert   xxx"))
                #expect(control.utf8.count <= 1_024)
                let lost = try await failure { try await channel.ask("object") }
                #expect(lost.code == .failedPrecondition)
                let secret = try await failure { try await channel.ask("secret") }
                #expect(secret.description == "INTERNAL: test.Test/Unary failed; the log of the service says why")
            }
        }
    }

    @Test func `a stream fails after what was written before`() async throws {
        let router = CallRouter.streaming { _, responses, _ in
            try await responses.write(ConsoleOutput())
            throw RPCError(.dataLoss, "the log is damaged")
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                var iterator = try await channel.console().makeAsyncIterator()
                #expect(try await iterator.next() != nil)
                let error = try await failure { try await iterator.next() }
                #expect(error.code == .dataLoss)
            }
        }
    }

    @Test func `at the deadline the caller is told and the handler cancelled`() async throws {
        let cancelled = Counter()
        try await Rig.with(sleeping(cancelled)) { rig in
            try await rig.withChannel { channel in
                _ = try await failure { try await channel.ask("connect first", TestMethods.nobody) }
                let options = CallOptions(timeout: .seconds(1))
                let error = try await failure { try await channel.ask("web", options: options) }
                #expect(error.code == .deadlineExceeded)
                try await waitUntil("the handler is cancelled") { cancelled.value == 1 }
                #expect(channel.connection != nil)
            }
        }
    }

    @Test func `cancelling the calling task cancels the handler`() async throws {
        let (cancelled, started) = (Counter(), Counter())
        try await Rig.with(sleeping(cancelled, started)) { rig in
            try await rig.withChannel { channel in
                let task = Task { try await failure { try await channel.ask("web") } }
                try await waitUntil("the handler runs") { started.value == 1 }
                task.cancel()
                #expect(try await task.value.code == .cancelled)
                try await waitUntil("the handler is cancelled") { cancelled.value == 1 }
            }
        }
    }

    @Test func `dropping a stream cancels its handler`() async throws {
        let cancelled = Counter()
        let router = CallRouter.streaming { _, responses, _ in
            do {
                while !Task.isCancelled {
                    var output = ConsoleOutput()
                    output.data = [UInt8](repeating: 1, count: 50_000)
                    try await responses.write(output)
                }
            } catch {
                #expect((error as? RPCError)?.code == .cancelled)
            }
            cancelled.increment()
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                var iterator: ResponseStream<ConsoleOutput>.Iterator? = try await channel.console().makeAsyncIterator()
                #expect(try await iterator?.next() != nil)
                iterator = nil
                try await waitUntil("the handler is cancelled") { cancelled.value == 1 }
            }
        }
    }

    @Test func `a class that the method does not name is denied, and so is an unknown method`() async throws {
        try await Rig.with { rig in
            try await rig.withChannel(try TestCertificates.tls(class: "user", name: "alice")) { channel in
                let denied = try await failure { try await channel.ask("web") }
                #expect(denied.description == "PERMISSION_DENIED: a caller of class user may not call test.Test/Unary")
                let unknown = try await failure { try await channel.ask("web", TestMethods.once) }
                #expect(unknown.description == "UNIMPLEMENTED: no method with the number 0x2 is served here")
            }
        }
        try await Rig.with(CallRouter.unary(TestMethods.nobody) { request, _ in echo(request) }) { rig in
            try await rig.withChannel { channel in
                let error = try await failure { try await channel.ask("", TestMethods.nobody) }
                #expect(error.code == .permissionDenied)
            }
        }
    }

    @Test func `a request that does not fit its declaration is not sent, and not taken`() async throws {
        try await Rig.with { rig in
            try await rig.withChannel { channel in
                let long = String(repeating: "x", count: 300)
                let tooLong = try await failure { try await channel.ask(long) }
                #expect(tooLong.code == .invalidArgument)
                // What is valid as another message is not as this one.
                var request = ConsoleOutput()
                request.data = [0xFF, 0xFE]
                let error = try await failure {
                    let response: ServerResponse = try await channel.unary(TestMethods.unary, request)
                    return response
                }
                #expect(error.code == .invalidArgument)
            }
        }
    }

    @Test func `an object that the receiver's version cannot say is refused, whoever sends it`() async throws {
        var instance = Instance()
        instance.userData = [1]
        var response = ServerResponse()
        response.instance = instance
        let router = CallRouter.unary { [response] _, _ in response }
        try await Rig.with(router) { rig in
            try await rig.withChannel(local: .older) { channel in
                let error = try await failure { try await channel.ask("web") }
                #expect(error.code == .failedPrecondition)
                let ours = try #require(Instance.schema.version).description
                for part in ["stator.v1.Instance", "user_data", "1.0", ours] { #expect(error.message.contains(part)) }
            }
        }
        var older = CallRouter()
        older.register(TestMethods.unary) { (request: ServerResponse, _: CallContext) in request }
        try await Rig.with(older, local: .older) { rig in
            try await rig.withChannel { channel in
                let refused = try await failure { [response] in
                    let answer: ServerResponse = try await channel.unary(TestMethods.unary, response)
                    return answer
                }
                #expect(refused.code == .failedPrecondition)
                #expect(refused.message.contains("user_data"))
                // What can be said arrives without what is only detail.
                var plain = response
                plain.instance?.userData = nil
                plain.instance?.displayName = "web"
                plain.instance?.displayDescription = "newer"
                let answer: ServerResponse = try await channel.unary(TestMethods.unary, plain)
                #expect(answer.instance?.displayName == "web")
                #expect(answer.instance?.displayDescription == nil)
            }
        }
    }

    /// Sleeps until it is cancelled.
    private func sleeping(_ cancelled: Counter, _ started: Counter = Counter()) -> CallRouter {
        CallRouter.unary { request, _ in
            started.increment()
            do { try await Task.sleep(for: .seconds(60)) } catch { cancelled.increment() }
            return echo(request)
        }
    }
}
