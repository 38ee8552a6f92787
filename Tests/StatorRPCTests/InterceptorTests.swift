import ComputeMessages
import StatorObjects
import StatorRPC
import StatorWire
import Synchronization
import TestSupport
import Testing

/// Writes down what it is told.
private final class Notes: ServerInterceptor, ClientInterceptor {
    private let lines = Mutex<[String]>([])
    private let name: String
    private let refuses: Bool

    init(_ name: String = "", refuses: Bool = false) {
        self.name = name
        self.refuses = refuses
    }

    var all: [String] { lines.withLock { $0 } }

    private func note(_ line: String) {
        lines.withLock { $0.append(line) }
    }

    func callBegins(_ context: CallContext) throws(RPCError) {
        note("begin \(context.method.name) of \(context.caller.name)")
        if refuses { throw RPCError(.permissionDenied, "\(name) says no") }
    }

    func callEnded(_ context: CallContext, _ outcome: CallOutcome) {
        note("end \(context.method.name) \(outcome.code) \(outcome.duration > .zero)")
    }

    func callBegins(_ method: MethodDescriptor, _ options: inout CallOptions) throws(RPCError) {
        note("begin \(method.name)")
        if refuses { throw RPCError(.permissionDenied, "\(name) says no") }
    }

    func callEnded(_ method: MethodDescriptor, _ options: CallOptions, _ outcome: CallOutcome) {
        note("end \(method.name) \(outcome.code)")
    }
}

@Suite struct InterceptorTests {
    private static func router(_ interceptors: [any ServerInterceptor]) -> CallRouter {
        var router = CallRouter(interceptors: interceptors)
        router.register(
            TestMethods.unary,
            unary: { (request: ServerRequest, context: CallContext) async throws -> ServerResponse in
                if request.server == "fail" { throw RPCError(.notFound, "none") }
                return echo(request)
            })
        router.register(
            TestMethods.once, immediate: { (request: ServerRequest, _: CallContext) -> ServerResponse in echo(request) }
        )
        router.register(
            TestMethods.chat,
            bidirectional: {
                (requests: RequestStream<ServerRequest>, responses: ResponseWriter<ServerResponse>, _: CallContext) in
                for try await request in requests { try await responses.write(echo(request)) }
            })
        return router
    }

    @Test func `a server's interceptor sees every kind of call begin and end`() async throws {
        let notes = Notes()
        try await Rig.with(Self.router([notes])) { rig in
            try await rig.withChannel { channel in
                _ = try await channel.ask("a")
                _ = try await failure { try await channel.ask("fail") }
                _ = try await channel.ask("b", TestMethods.once)
                let call = try await channel.chat()
                call.requests.finish()
                for try await _ in call.responses {}
                try await waitUntil("all is noted") { notes.all.count == 8 }
            }
        }
        #expect(
            notes.all == [
                "begin Unary of api1", "end Unary OK true", "begin Unary of api1", "end Unary NOT_FOUND true",
                "begin Once of api1", "end Once OK true", "begin Chat of api1", "end Chat OK true",
            ])
    }

    @Test func `a server's interceptor may refuse a call`() async throws {
        let (first, second, third) = (Notes("first"), Notes("second", refuses: true), Notes("third"))
        try await Rig.with(Self.router([first, second, third])) { rig in
            try await rig.withChannel { channel in
                let error = try await failure { try await channel.ask("a") }
                #expect(error.description == "PERMISSION_DENIED: second says no")
            }
        }
        #expect(first.all == ["begin Unary of api1", "end Unary PERMISSION_DENIED true"])
        #expect(second.all == ["begin Unary of api1"])
        #expect(third.all.isEmpty)
    }

    @Test func `a client's interceptor sees a call once and may refuse it`() async throws {
        let (notes, refusing) = (Notes(), Notes("budget", refuses: true))
        try await Rig.with(Self.router([])) { rig in
            try await rig.withChannel(interceptors: [notes]) { channel in
                _ = try await channel.ask("a")
                _ = try await failure { try await channel.ask("fail") }
                let call = try await channel.chat()
                call.requests.finish()
                for try await _ in call.responses {}
            }
            try await rig.withChannel(interceptors: [refusing]) { channel in
                let error = try await failure { try await channel.ask("a") }
                #expect(error.description == "PERMISSION_DENIED: budget says no")
            }
        }
        #expect(
            notes.all == [
                "begin Unary", "end Unary OK", "begin Unary", "end Unary NOT_FOUND", "begin Chat", "end Chat OK",
            ])
    }

    @Test func `a deadline interceptor bounds every call`() async throws {
        let router = CallRouter.unary { _, _ in
            try await Task.sleep(for: .seconds(20))
            return ServerResponse()
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel(interceptors: [DeadlineInterceptor(timeoutMax: .milliseconds(50))]) { channel in
                let error = try await failure { try await channel.ask("a", options: CallOptions(timeout: nil)) }
                #expect(error.code == .deadlineExceeded)
            }
        }
    }

    @Test func `a trace travels with the call and goes on with a span of its own`() async throws {
        let router = CallRouter.unary { _, context in
            let onward = context.callOptions.traceContext
            return echo(ServerRequest("\(context.traceContext?.description ?? "") \(onward?.description ?? "")"))
        }
        let trace = TraceContext.random()
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                let answer = try #require(
                    try await channel.ask("a", options: CallOptions(traceContext: trace)))
                let parts = answer.split(separator: " ")
                #expect(parts.first.map(String.init) == trace.description)
                let onward = try #require(parts.last.flatMap { TraceContext(traceparent: String($0)) })
                #expect(onward.traceIDLow == trace.traceIDLow)
                #expect(onward.parentID != trace.parentID)
            }
        }
    }
}

@Suite struct TraceContextTests {
    @Test func `a traceparent is read and written`() throws {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let trace = try #require(TraceContext(traceparent: text))
        #expect(trace.isSampled)
        #expect(trace.description == text)
    }

    @Test(arguments: [
        "", "00", "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
        "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ])
    func `what is no traceparent is refused`(_ text: String) {
        #expect(TraceContext(traceparent: text) == nil)
    }
}
