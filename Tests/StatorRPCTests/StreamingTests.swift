import ComputeMessages
import StatorObjects
import StatorRPC
import StatorReactor
import StatorWire
import TestSupport
import Testing

extension TestMethods {
    static let upload = MethodDescriptor(
        service: "test.Test", name: "Upload", id: 11, callers: [.api], isIdempotent: false, since: 1,
        shape: .clientStreaming)
    static let chat = MethodDescriptor(
        service: "test.Test", name: "Chat", id: 12, callers: [.api, .conductor], isIdempotent: false, since: 1,
        shape: .bidirectional)
}

extension CallRouter {
    static func uploading(
        _ handler: @escaping @Sendable (RequestStream<ServerRequest>, CallContext) async throws -> ServerResponse
    ) -> CallRouter {
        var router = CallRouter()
        router.register(TestMethods.upload, clientStreaming: handler)
        return router
    }

    static func chatting(
        _ handler:
            @escaping @Sendable (RequestStream<ServerRequest>, ResponseWriter<ServerResponse>, CallContext) async throws
            -> Void
    ) -> CallRouter {
        var router = CallRouter()
        router.register(TestMethods.chat, bidirectional: handler)
        return router
    }

    /// Answers each request with its name.
    static var echoing: CallRouter {
        chatting { requests, responses, _ in
            for try await request in requests { try await responses.write(echo(request)) }
        }
    }
}

extension Caller {
    func upload(
        options: CallOptions = CallOptions()
    ) async throws(RPCError) -> ClientStreamingCall<ServerRequest, ServerResponse> {
        try await clientStreaming(TestMethods.upload, options: options)
    }

    func chat(
        options: CallOptions = CallOptions()
    ) async throws(RPCError) -> BidirectionalCall<ServerRequest, ServerResponse> {
        try await bidirectional(TestMethods.chat, options: options)
    }
}

@Suite struct StreamingTests {
    @Test func `a handler gets all requests of a stream and answers once`() async throws {
        let router = CallRouter.uploading { requests, _ in
            var names: [String] = []
            for try await request in requests { names.append(request.server ?? "") }
            return echo(ServerRequest(names.joined(separator: ",")))
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                let call = try await channel.upload()
                for number in 0..<5 { try await call.requests.write(ServerRequest("\(number)")) }
                let response = try await call.response()
                #expect(response.instance?.displayName == "0,1,2,3,4")
            }
        }
    }

    @Test func `a stream of requests may be empty`() async throws {
        let router = CallRouter.uploading { requests, _ in
            for try await _ in requests { throw RPCError(.internal, "there was one") }
            return echo(ServerRequest("none"))
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                let response = try await channel.upload().response()
                #expect(response.instance?.displayName == "none")
            }
        }
    }

    @Test func `a handler may answer before the requests are over`() async throws {
        let router = CallRouter.uploading { requests, _ in
            var iterator = requests.makeAsyncIterator()
            return echo(try await iterator.next() ?? ServerRequest())
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                let call = try await channel.upload()
                try await call.requests.write(ServerRequest("first"))
                let response = try await call.response()
                #expect(response.instance?.displayName == "first")
                let late = try await failure { try await call.requests.write(ServerRequest("late")) }
                #expect(late.code == .cancelled)
            }
        }
    }

    @Test func `a writer is told the status with which the handler ended the call`() async throws {
        let router = CallRouter.uploading { _, _ in throw RPCError(.outOfRange, "enough") }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                let call = try await channel.upload()
                let error = try await failure { () async throws(RPCError) -> Bool in
                    var isOver = false
                    while !isOver {
                        try await call.requests.write(ServerRequest("more"))
                        isOver = Task.isCancelled
                    }
                    return isOver
                }
                #expect(error.description == "OUT_OF_RANGE: enough")
            }
        }
    }

    @Test func `requests and responses go their own ways`() async throws {
        try await Rig.with(.echoing) { rig in
            try await rig.withChannel { channel in
                let call = try await channel.chat()
                var responses = call.responses.makeAsyncIterator()
                for name in ["a", "b", "c"] {
                    try await call.requests.write(ServerRequest(name))
                    let response = try await responses.next()
                    #expect(response?.instance?.displayName == name)
                }
                call.requests.finish()
                let end = try await responses.next()
                #expect(end == nil)
            }
        }
    }

    @Test func `a handler may speak first`() async throws {
        let router = CallRouter.chatting { requests, responses, _ in
            try await responses.write(echo(ServerRequest("hello")))
            for try await request in requests { try await responses.write(echo(request)) }
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                let call = try await channel.chat()
                var responses = call.responses.makeAsyncIterator()
                let first = try await responses.next()
                #expect(first?.instance?.displayName == "hello")
            }
        }
    }

    @Test func `a call may be made from the side that accepted the connection`() async throws {
        let answer = Answer()
        try await Rig.with(
            CallRouter(),
            onConnect: { connection in
                let call = try? await connection.chat()
                try? await call?.requests.write(ServerRequest("back"))
                var responses = call?.responses.makeAsyncIterator()
                await answer.set((try? await responses?.next())??.instance?.displayName)
            }
        ) { rig in
            try await rig.withChannel(router: .echoing) { _ in
                try await waitUntil("the answer is there") { await answer.text == "back" }
            }
        }
    }

    @Test func `a slow handler slows its own caller only`() async throws {
        let gate = Gate()
        var router = CallRouter.uploading { requests, _ in
            await gate.wait()
            var count = 0
            for try await _ in requests { count += 1 }
            return echo(ServerRequest("\(count)"))
        }
        router.register(TestMethods.unary) { (request: ServerRequest, _: CallContext) async in echo(request) }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                let call = try await channel.upload()
                let writer = Task {
                    for _ in 0..<3_000 {
                        try await call.requests.write(ServerRequest(String(repeating: "x", count: 250)))
                    }
                }
                for number in 0..<50 { try await expect(channel, "\(number)", answers: "\(number)") }
                gate.open()
                try await writer.value
                let response = try await call.response()
                #expect(response.instance?.displayName == "3000")
            }
        }
    }

    @Test func `cancelling a call ends its handler's stream of requests`() async throws {
        let ended = Counter()
        let router = CallRouter.chatting { requests, _, _ in
            do throws(RPCError) {
                var iterator = requests.makeAsyncIterator()
                while try await iterator.next() != nil {}
            } catch {
                if error.code == .cancelled { ended.increment() }
                throw error
            }
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                let reading = Task {
                    let call = try await channel.chat()
                    try await call.requests.write(ServerRequest("a"))
                    for try await _ in call.responses {}
                }
                try await Task.sleep(for: .milliseconds(20))
                reading.cancel()
                _ = try? await reading.value
                try await waitUntil("the handler has ended") { ended.value == 1 }
            }
        }
    }

    @Test func `letting go of a call cancels it`() async throws {
        let ended = Counter()
        let router = CallRouter.chatting { requests, _, _ in
            defer { ended.increment() }
            for try await _ in requests {}
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                do {
                    let call = try await channel.chat()
                    try await call.requests.write(ServerRequest("a"))
                }
                try await waitUntil("the handler has ended") { ended.value == 1 }
            }
        }
    }

    @Test func `the deadline of a call ends its streams on both sides`() async throws {
        let ended = Counter()
        let router = CallRouter.uploading { requests, _ in
            defer { ended.increment() }
            for try await _ in requests {}
            return ServerResponse()
        }
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                let call = try await channel.upload(options: CallOptions(timeout: .milliseconds(50)))
                var error: RPCError?
                while error == nil {
                    do throws(RPCError) {
                        try await call.requests.write(ServerRequest("a"))
                        try? await Task.sleep(for: .milliseconds(5))
                    } catch let failure {
                        error = failure
                    }
                }
                #expect(error?.code == .deadlineExceeded)
                try await waitUntil("the handler has ended") { ended.value == 1 }
            }
        }
    }

    @Test func `a request that cannot be read ends the call`() async throws {
        // The two sides disagree about the type.
        var router = CallRouter()
        router.register(
            TestMethods.chat,
            bidirectional: { (requests: RequestStream<Instance>, _: ResponseWriter<ServerResponse>, _: CallContext) in
                for try await _ in requests {}
            })
        try await Rig.with(router) { rig in
            try await rig.withChannel { channel in
                let call = try await channel.chat()
                try await call.requests.write(ServerRequest("not sixteen bytes"))
                var responses = call.responses.makeAsyncIterator()
                let error = try await failure { try await responses.next() }
                #expect(error.code == .invalidArgument)
            }
        }
    }

    @Test func `a stream of requests to a method that takes one is refused`() async throws {
        try await Rig.with(.unary { request, _ in echo(request) }) { rig in
            try await rig.withChannel { channel in
                let wrong = MethodDescriptor(
                    service: "test.Test", name: "Unary", id: TestMethods.unary.id, callers: [.api], isIdempotent: false,
                    since: 1, shape: .clientStreaming)
                let call: ClientStreamingCall<ServerRequest, ServerResponse> = try await channel.clientStreaming(
                    wrong)
                let error = try await failure { try await call.response() }
                #expect(error.code == .invalidArgument)
            }
        }
    }
}

/// Holds back those who wait until it is opened.
final class Gate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func wait() async {
        for await _ in stream {}
    }

    func open() {
        continuation.finish()
    }
}

actor Answer {
    private(set) var text: String?

    func set(_ text: String?) {
        self.text = text
    }
}
