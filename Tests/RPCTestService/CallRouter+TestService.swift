package import ComputeMessages
internal import StatorObjects
package import StatorRPC
package import StatorReactor

/// What a request asks for: `<key> <milliseconds>`.
struct Work {
    let key: String
    let duration: Duration

    init(_ request: ServerRequest) {
        let words = (request.server ?? "").split(separator: " ")
        key = words.first.map(String.init) ?? ""
        duration = .milliseconds(words.count > 1 ? Int(words[1]) ?? 0 : 0)
    }
}

package func makeRequest(_ text: String) -> ServerRequest {
    var request = ServerRequest()
    request.server = text
    return request
}

package func makeResponse(_ text: String) -> ServerResponse {
    var instance = Instance()
    instance.displayName = text
    var response = ServerResponse()
    response.instance = instance
    return response
}

extension CallRouter {
    /// Serves all `TestMethods`; notes executions of those that take their time.
    package static func test(on loop: EventLoop, executions: ExecutionLog?) -> CallRouter {
        var router = CallRouter()
        router.registerAnswers(loop, executions)
        router.registerStreams(loop, executions)
        router.registerBulk()
        return router
    }

    private mutating func registerAnswers(_ loop: EventLoop, _ executions: ExecutionLog?) {
        for method in [TestMethods.repeatable, TestMethods.once] {
            register(
                method,
                unary: { (request: ServerRequest, _: CallContext) async throws -> ServerResponse in
                    let work = Work(request)
                    executions?.note(work.key)
                    try await loop.sleep(for: work.duration)
                    return makeResponse(work.key)
                })
        }
        for method in [TestMethods.lease, TestMethods.echo] {
            register(
                method,
                immediate: { (request: ServerRequest, _: CallContext) throws -> ServerResponse in
                    makeResponse(request.server ?? "")
                })
        }
        for method in [TestMethods.wait, TestMethods.nobody] {
            register(
                method,
                unary: { (_: ServerRequest, _: CallContext) async throws -> ServerResponse in
                    try await loop.sleep(for: .seconds(3600))
                    return ServerResponse()
                })
        }
    }

    private mutating func registerStreams(_ loop: EventLoop, _ executions: ExecutionLog?) {
        register(
            TestMethods.watch,
            serverStreaming: { (request: ServerRequest, responses: ResponseWriter<ServerResponse>, _) in
                let work = Work(request)
                executions?.note(work.key)
                for number in 1...3 {
                    try await loop.sleep(for: work.duration / 3)
                    try await responses.write(makeResponse("\(work.key) \(number)"))
                }
            })
        register(
            TestMethods.upload,
            clientStreaming: { (requests: RequestStream<ServerRequest>, _) async throws -> ServerResponse in
                var count = 0
                var key = ""
                for try await request in requests {
                    let work = Work(request)
                    if count == 0 { executions?.note(work.key) }
                    count += 1
                    key = work.key
                    try await loop.sleep(for: work.duration / 3)
                }
                return makeResponse("\(key) \(count)")
            })
        register(
            TestMethods.chat,
            bidirectional: { (requests: RequestStream<ServerRequest>, responses: ResponseWriter<ServerResponse>, _) in
                var count = 0
                for try await request in requests {
                    let work = Work(request)
                    if count == 0 { executions?.note(work.key) }
                    count += 1
                    try await loop.sleep(for: work.duration / 3)
                    try await responses.write(makeResponse("\(work.key) \(count)"))
                }
            })
    }

    private mutating func registerBulk() {
        // A field of bytes has 64 KiB at most.
        var part = Instance()
        part.userData = [UInt8](repeating: 7, count: 64 * 1024)
        var chunk = ListServersResponse()
        chunk.instances = [Instance](repeating: part, count: 4)
        let bulk = chunk
        register(
            TestMethods.bulk,
            serverStreaming: { (_: ServerRequest, responses: ResponseWriter<ListServersResponse>, _) in
                while !Task.isCancelled { try await responses.write(bulk) }
            })
        register(
            TestMethods.ignore,
            clientStreaming: { (_: RequestStream<ServerRequest>, context) async throws -> ServerResponse in
                await context.connection.waitUntilClosed()
                return ServerResponse()
            })
    }
}
