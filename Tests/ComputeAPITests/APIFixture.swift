import ComputeAPI
import ComputeMessages
import ComputeObjects
import Logging
import StatorObjects
import StatorRPC
import StatorReactor
import StatorTLS
import Synchronization
import TestSupport

/// A real API between a fake conductor and clients, over TLS on loopback, all on one loop.
final class APIFixture: Sendable {
    let conductor: FakeConductor
    let address: SocketAddress
    private let loop: EventLoop
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private init(conductor: FakeConductor, address: SocketAddress, loop: EventLoop) {
        self.conductor = conductor
        self.address = address
        self.loop = loop
    }

    /// Runs the body against an API; `conductorRuns` false: nothing listens where the API looks for a conductor.
    static func with(conductorRuns: Bool = true, _ body: (APIFixture) async throws -> Void) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let loop = try EventLoop(label: "test")
        try loop.start()
        defer {
            loop.stop()
            loop.join()
        }
        let conductor = FakeConductor()
        var router = CallRouter()
        router.register(conductor: conductor)
        let server = try Server(
            configuration: ServerConfiguration(
                address: try SocketAddress(parsing: "127.0.0.1:0"), tls: try tls(.conductor, "conductor1"),
                local: localEndpoint()),
            router: router, loop: loop, logger: logger)
        let conductorAddress = try await server.start()
        if !conductorRuns { await server.shutdown() }

        let (ready, readiness) = AsyncStream.makeStream(of: SocketAddress.self)
        let api = try APIService(
            configuration: APIConfiguration(
                listenAddress: try SocketAddress(parsing: "127.0.0.1:0"),
                conductors: [conductorAddress.description], tls: try tls(.api, "api1")),
            loop: loop, logger: logger, onReady: { readiness.yield($0) })
        let running = Task { try await api.run() }
        do {
            var addresses = ready.makeAsyncIterator()
            guard let address = await addresses.next() else { throw TestSupportError("the API is not ready") }
            try await body(APIFixture(conductor: conductor, address: address, loop: loop))
        } catch {
            await stop(running, server)
            throw error
        }
        await stop(running, server)
    }

    private static func stop(_ api: Task<Void, any Error>, _ conductor: Server) async {
        api.cancel()
        _ = await api.result
        await conductor.shutdown()
    }

    /// Runs the body with a client that has the certificate of that class and name.
    func asCaller(
        _ callerClass: CallerClass, _ name: String, _ body: (ComputeClient) async throws -> Void
    ) async throws {
        let channel = try Channel(
            configuration: ChannelConfiguration(
                addresses: [address.description], tls: try Self.tls(callerClass, name), local: localEndpoint(),
                expectedPeer: .api),
            loop: loop, logger: logger)
        let running = Task { await channel.run() }
        do {
            try await body(ComputeClient(channel))
        } catch {
            await channel.shutdown()
            await running.value
            throw error
        }
        await channel.shutdown()
        await running.value
    }

    private static func tls(_ callerClass: CallerClass, _ name: String) throws -> TLSConfiguration {
        let paths = try TestCertificates.tls(class: callerClass.rawValue, name: name)
        return TLSConfiguration(
            certificateChainPath: paths.certificateChainPath, privateKeyPath: paths.privateKeyPath,
            trustRootsPath: paths.trustRootsPath)
    }
}

/// The error that a call ends with; nil when it succeeds.
func failure<Response>(_ call: () async throws(RPCError) -> Response) async -> RPCError? {
    do {
        _ = try await call()
        return nil
    } catch {
        return error
    }
}
