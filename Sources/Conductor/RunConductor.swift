package import Logging
internal import ServiceLifecycle
internal import StatorReactor
internal import UnixSignals

/// Runs one conductor on one loop until SIGTERM or SIGINT.
///
/// Not on the main actor, whose thread stays free for signals.
@concurrent
package func runConductor(_ configuration: ConductorConfiguration, logger: Logger) async throws {
    let loop = try EventLoop(label: "conductor")
    try loop.start()
    defer {
        loop.stop()
        loop.join()
    }
    let process = try await ConductorProcess(configuration: configuration, loop: loop, logger: logger)
    var group = ServiceGroupConfiguration(
        services: [StoppableConductor(process: process)], gracefulShutdownSignals: [.sigterm, .sigint],
        logger: logger)
    group.maximumGracefulShutdownDuration = .seconds(20)
    try await ServiceGroup(configuration: group).run()
    logger.info("stopped")
}

/// Stops the conductor when its service group is told to.
private struct StoppableConductor: Service {
    let process: ConductorProcess

    func run() async throws {
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await process.run()
        } onCancelOrGracefulShutdown: {
            process.requestStop()
        }
    }
}
