import ComputeMessages
import Logging
import RPCTestService
import StatorRPC
import StatorReactor
import StatorTLS
import StatorWire
import UnixSignals

/// Serves until SIGTERM, then lets running calls finish.
func serve(_ arguments: Arguments) async throws {
    let signals = await UnixSignalsSequence(trapping: .sigterm)
    let loop = try EventLoop(label: "server")
    try loop.start()
    var logger = Logger(label: "server", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = arguments["log"].flatMap { Logger.Level(rawValue: $0) } ?? .notice
    let server = try Server(
        configuration: try configuration(arguments),
        router: .test(on: loop, executions: try arguments["executions"].map(ExecutionLog.init(path:))),
        loop: loop, logger: logger)
    let address = try await start(server)
    say("listening \(address)")
    for await _ in signals { break }
    say("draining")
    let begin = ContinuousClock.now
    await server.shutdown()
    say("drained in \(begin.duration(to: .now))")
    loop.stop()
    loop.join()
}

private func configuration(_ arguments: Arguments) throws -> ServerConfiguration {
    let standard = ServerConfiguration.Limits()
    let limits = ServerConfiguration.Limits(
        connectionsMax: arguments.int("connections-max", standard.connectionsMax),
        handshakesMax: arguments.int("handshakes-max", standard.handshakesMax),
        connectionsPerPeerMax: arguments.int("connections-per-peer-max", standard.connectionsPerPeerMax),
        callsPerPeerMax: arguments.int("calls-per-peer-max", standard.callsPerPeerMax))
    let timing = WireTiming(
        handshakeTimeout: arguments.milliseconds("handshake-timeout", 10_000),
        pingInterval: arguments.milliseconds("ping-interval", 15_000),
        pingTimeout: arguments.milliseconds("ping-timeout", 10_000))
    return ServerConfiguration(
        address: try SocketAddress(parsing: "127.0.0.1:\(arguments.int("port", 0))"), tls: try arguments.tls(),
        local: LocalEndpoint(manifest: ComputeManifest.current, release: "0.1.0", serviceVersion: 1),
        limits: limits, timing: timing)
}

/// The one before may still have the port.
private func start(_ server: Server) async throws -> SocketAddress {
    let deadline = ContinuousClock.now.advanced(by: .seconds(20))
    var address: SocketAddress?
    while address == nil {
        do {
            address = try await server.start()
        } catch {
            guard ContinuousClock.now < deadline else { throw error }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
    guard let address else { throw ArgumentError("not started") }
    return address
}
