package import Logging
internal import ServiceLifecycle
internal import StatorReactor
package import StatorTLS
internal import UnixSignals

/// Runs one API on one loop until SIGTERM or SIGINT; calls that run then may take ten seconds to end.
///
/// Not on the main actor, whose thread stays free for signals.
@concurrent
package func runAPI(
    listen: String, conductors: [String], tls: TLSConfiguration, logger: Logger
) async throws {
    let loop = try EventLoop(label: "api")
    try loop.start()
    defer {
        loop.stop()
        loop.join()
    }
    guard let address = try await SocketAddress.resolve(listen).first else {
        throw APIStartupError("'\(listen)' has no address to listen on")
    }
    let configuration = APIConfiguration(listenAddress: address, conductors: conductors, tls: tls)
    let service = try APIService(configuration: configuration, loop: loop, logger: logger)
    var group = ServiceGroupConfiguration(
        services: [ServiceGroupConfiguration.ServiceConfiguration(service: service)],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    group.maximumGracefulShutdownDuration = .seconds(10)
    try await ServiceGroup(configuration: group).run()
    logger.info("stopped")
}
