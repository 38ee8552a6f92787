import ComputeMessages
import Logging
import StatorObjects
import StatorRPC
import StatorReactor
import StatorTLS
import StatorWire
import Synchronization
import TestSupport
import Testing

/// Methods of the tests' own: the generated ones are all idempotent and fixed as to who may call them.
enum TestMethods {
    static let unary = MethodDescriptor(
        service: "test.Test", name: "Unary", id: 1, callers: [.api, .compute], isIdempotent: true, since: 1,
        shape: .unary)
    static let once = MethodDescriptor(
        service: "test.Test", name: "Once", id: 2, callers: [.api], isIdempotent: false, since: 1, shape: .unary)
    static let stream = MethodDescriptor(
        service: "test.Test", name: "Stream", id: 3, callers: [.api], isIdempotent: true, since: 1,
        shape: .serverStreaming)
    static let back = MethodDescriptor(
        service: "test.Test", name: "Back", id: 4, callers: [.conductor], isIdempotent: true, since: 1, shape: .unary)
    static let nobody = MethodDescriptor(
        service: "test.Test", name: "Nobody", id: 5, callers: [], isIdempotent: true, since: 1, shape: .unary)
}

extension TestCertificates.Paths {
    var configuration: TLSConfiguration {
        TLSConfiguration(
            certificateChainPath: certificateChainPath, privateKeyPath: privateKeyPath, trustRootsPath: trustRootsPath)
    }
}

extension ServerRequest {
    init(_ name: String) {
        self.init()
        server = name
    }
}

extension LocalEndpoint {
    static let current = LocalEndpoint(manifest: ComputeManifest.current, release: "0.1.0", serviceVersion: 1)

    /// A build that is one version behind in Instance.
    static var older: LocalEndpoint {
        var versions = ComputeManifest.current.versions
        versions["stator.v1.Instance"] = ObjectVersion("1.0")
        return LocalEndpoint(manifest: Manifest(versions), release: "0.0.9", serviceVersion: 1)
    }
}

let quiet: Logger = {
    var logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    logger.logLevel = .critical
    return logger
}()

/// A server on the loopback and what tests do with it; everything on one loop, as in a daemon.
final class Rig: Sendable {
    let loop: EventLoop
    let server: Server
    let address: SocketAddress

    private init(loop: EventLoop, server: Server, address: SocketAddress) {
        self.loop = loop
        self.server = server
        self.address = address
    }

    static func with(
        _ router: CallRouter = .test, local: LocalEndpoint = .current, limits: ServerConfiguration.Limits = .init(),
        timing: WireTiming = WireTiming(), tls: TestCertificates.Paths? = nil, port: UInt16 = 0,
        onConnect: @escaping @Sendable (Connection) async -> Void = { _ in },
        onDisconnect: @escaping @Sendable (Connection) async -> Void = { _ in },
        _ body: (Rig) async throws -> Void
    ) async throws {
        let loop = try EventLoop(label: "test")
        try loop.start()
        let server = try Server(
            configuration: ServerConfiguration(
                address: try SocketAddress(parsing: "127.0.0.1:\(port)"),
                tls: try (tls ?? TestCertificates.tls(class: "conductor", name: "conductor1")).configuration,
                local: local, limits: limits, timing: timing),
            router: router, loop: loop, logger: quiet, onConnect: onConnect, onDisconnect: onDisconnect)
        let rig = Rig(loop: loop, server: server, address: try await server.start())
        let result: Result<Void, any Error>
        do { result = .success(try await body(rig)) } catch { result = .failure(error) }
        await server.shutdown()
        loop.stop()
        loop.join()
        try result.get()
    }

    func withChannel(
        _ paths: TestCertificates.Paths? = nil, addresses: [String]? = nil, local: LocalEndpoint = .current,
        expectedPeer: CallerClass? = .conductor, router: CallRouter = CallRouter(),
        interceptors: [any ClientInterceptor] = [], retryTokensMax: Int = 1_024,
        onConnect: @escaping @Sendable (Connection) async throws -> Void = { _ in },
        _ body: (Channel) async throws -> Void
    ) async throws {
        let channel = try Channel(
            configuration: ChannelConfiguration(
                addresses: addresses ?? [address.description],
                tls: try (paths ?? TestCertificates.tls(class: "api", name: "api1")).configuration, local: local,
                expectedPeer: expectedPeer, verifiesServerName: false, retryTokensMax: retryTokensMax,
                interceptors: interceptors),
            router: router, loop: loop, logger: quiet, onConnect: onConnect)
        let running = loop.startTask { await channel.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(channel)) } catch { result = .failure(error) }
        await channel.shutdown()
        await running.value
        try result.get()
    }
}

extension CallRouter {
    /// Answers what it is asked.
    static var test: CallRouter {
        var router = CallRouter()
        router.register(TestMethods.unary) { (request: ServerRequest, _: CallContext) in echo(request) }
        return router
    }

    /// Answers as the handler does.
    static func unary(
        _ method: MethodDescriptor = TestMethods.unary,
        _ handler: @escaping @Sendable (ServerRequest, CallContext) async throws -> ServerResponse
    ) -> CallRouter {
        var router = CallRouter()
        router.register(method, unary: handler)
        return router
    }

    static func streaming(
        _ handler:
            @escaping @Sendable (GetConsoleOutputRequest, ResponseWriter<ConsoleOutput>, CallContext) async throws ->
            Void
    ) -> CallRouter {
        var router = CallRouter()
        router.register(TestMethods.stream, serverStreaming: handler)
        return router
    }
}

func echo(_ request: ServerRequest) -> ServerResponse {
    var response = ServerResponse()
    var instance = Instance()
    instance.displayName = request.server
    response.instance = instance
    return response
}

extension Caller {
    func ask(
        _ name: String, _ method: MethodDescriptor = TestMethods.unary, options: CallOptions = CallOptions()
    ) async throws(RPCError) -> String? {
        let response: ServerResponse = try await unary(method, ServerRequest(name), options: options)
        return response.instance?.displayName
    }

    func console(options: CallOptions = CallOptions()) async throws(RPCError) -> ResponseStream<ConsoleOutput> {
        try await serverStreaming(TestMethods.stream, GetConsoleOutputRequest(), options: options)
    }
}

func expect(
    _ caller: some Caller, _ name: String, options: CallOptions = CallOptions(), answers expected: String,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let answer = try await caller.ask(name, options: options)
    #expect(answer == expected, sourceLocation: sourceLocation)
}

/// The error that the call ends with.
///
/// Not to be called inside `#expect`: in 6.3.1 a closure in a macro's argument may be compiled to the code of another.
func failure(_ call: () async throws -> some Any) async throws -> RPCError {
    do {
        _ = try await call()
    } catch let error as RPCError {
        return error
    }
    throw TestSupportError("the call succeeded")
}

/// A number that tests and handlers share.
final class Counter: Sendable {
    private let number = Atomic<Int>(0)
    var value: Int { number.load(ordering: .sequentiallyConsistent) }

    @discardableResult
    func increment() -> Int { number.add(1, ordering: .sequentiallyConsistent).newValue }
}
