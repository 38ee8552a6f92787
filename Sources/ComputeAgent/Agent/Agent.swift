internal import ComputeMessages
internal import ComputeObjects
package import Logging
internal import ServiceLifecycle
package import StatorReactor
internal import StatorRPC
package import StatorTLS

/// What an agent is started with.
package struct AgentConfiguration: Sendable {
    /// Of which one is connected to at a time.
    package var conductorAddresses: [String]
    package var tls: TLSConfiguration
    package var imageDirectory: String
    /// Nil: what the machine has.
    package var vcpus: UInt32?
    package var memoryMb: UInt32?
    package var localGb: UInt32?
    /// How long a guest may take to power itself off before it is turned off.
    package var acpiTimeout: Duration = .seconds(10)
    /// How long an orderly stop waits for what runs.
    package var stopTimeout: Duration = .seconds(30)

    package init(conductorAddresses: [String], tls: TLSConfiguration, imageDirectory: String) {
        self.conductorAddresses = conductorAddresses
        self.tls = tls
        self.imageDirectory = imageDirectory
    }
}

/// The host's daemon: registers with a conductor, carries its directives out, reports.
///
/// Guests outlive it. Everything in it runs on its one loop, and what blocks on queues beside the loop.
package final class Agent: Sendable {
    private static let sweepInterval: Duration = .seconds(1)
    private static let flushTimeout: Duration = .seconds(5)

    package let identity: HostIdentity
    package let bootEpoch: UInt64
    package let operations: InstanceOperations
    private let configuration: AgentConfiguration
    private let directory: StateDirectory
    private let driver: any Driver
    private let loop: EventLoop
    private let session: ConductorSession
    private let written: Signal
    private let logger: Logger

    /// Opens the host's files; throws when they are another agent's, another host's, or damaged.
    ///
    /// - Parameter loop: Started, and not stopped before `run()` has returned.
    package init(
        _ configuration: AgentConfiguration, directory: StateDirectory, identity: HostIdentity,
        driver: any Driver, loop: EventLoop, logger: Logger
    ) throws(AgentError) {
        self.configuration = configuration
        self.directory = directory
        self.driver = driver
        self.loop = loop
        self.logger = logger
        self.identity = identity
        let journal = try ReportJournal(path: directory.journalPath)
        bootEpoch = try directory.nextBootEpoch()
        written = Signal()
        let reports = ReportWriter(
            journal: journal, bootEpoch: bootEpoch, files: BlockingQueue(label: "state"), written: written,
            logger: logger)
        let images = ImageDirectory(
            folder: configuration.imageDirectory, cachePath: directory.imageCachePath, logger: logger)
        let imageQueue = BlockingQueue(label: "images")
        let runner = OperationRunner(
            driver: driver, images: images, imageQueue: imageQueue, grace: configuration.acpiTimeout, logger: logger)
        operations = InstanceOperations(
            loop: loop, runner: runner, store: RecordStore(folder: directory.recordsPath), reports: reports,
            logger: logger)
        var capacity = try HostCapacity.detected(for: directory.path)
        capacity.vcpus = configuration.vcpus ?? capacity.vcpus
        capacity.memoryMb = configuration.memoryMb ?? capacity.memoryMb
        capacity.localGb = configuration.localGb ?? capacity.localGb
        let host = HostDescription(
            identity: identity, capacity: capacity, driver: driver, images: images, imageQueue: imageQueue)
        session = ConductorSession(loop: loop, host: host, reports: reports, logger: logger)
    }

    /// Works until a graceful shutdown, cancellation, or something that makes it impossible to go on.
    package func run() async throws {
        let session = session
        var router = CallRouter(interceptors: [LoggingInterceptor(logger: logger), MetricsInterceptor()])
        router.register(hostControl: HostControlAdapter(operations: operations, driver: driver))
        let channel = try Channel(
            configuration: ChannelConfiguration(
                addresses: configuration.conductorAddresses, tls: configuration.tls, local: localEndpoint(),
                expectedPeer: .conductor, shufflesAddresses: true),
            router: router, loop: loop, logger: logger,
            onConnect: { connection in try await session.register(on: connection) })
        try await operations.recover()
        try await serve(channel)
        logger.info("stopped; guests run on", metadata: ["host": "\(identity.name)"])
    }

    /// Why one of the agent's tasks ended.
    private enum End: Sendable {
        /// It has nothing more to do.
        case finished
        case failed(AgentError)
        case stopRequested
        /// Everything that was being carried out has ended.
        case drained
        case flushed
        case timedOut
    }

    private func serve(_ channel: Channel) async throws {
        let (session, operations) = (session, operations)
        try await withThrowingTaskGroup(of: End.self) { group in
            group.addTask { await Self.finished { await channel.run() } }
            group.addTask { await Self.finished { await session.keepLease(channel) } }
            group.addTask { await Self.finished { await session.sendReports(channel) } }
            group.addTask { await Self.finished { await session.reconcile(channel, operations) } }
            group.addTask { await Self.finished { await self.watch() } }
            group.addTask { await session.failure().map(End.failed) ?? .finished }
            group.addTask {
                await operations.run()
                return .drained
            }
            group.addTask { await Self.stopRequest() }
            defer { group.cancelAll() }
            while let end = try await group.next() {
                switch end {
                case .finished:
                    continue
                case .failed(let error):
                    throw error
                case .stopRequested:
                    logger.info("stopping: nothing new is taken, what runs is finished")
                    await operations.stop()
                    let limit = configuration.stopTimeout
                    group.addTask { await Self.end(.timedOut, after: limit) }
                case .drained:
                    group.addTask { await self.flush() }
                case .flushed, .timedOut:
                    await channel.shutdown()
                    return
                }
            }
        }
    }

    private static func finished(_ body: () async -> Void) async -> End {
        await body()
        return .finished
    }

    private static func end(_ end: End, after limit: Duration) async -> End {
        try? await Task.sleep(for: limit)
        return end
    }

    /// Waits for an orderly stop; cancellation is one.
    private static func stopRequest() async -> End {
        do {
            try await gracefulShutdown()
        } catch {
            // Cancelled: the other tasks are too.
        }
        return .stopRequested
    }

    /// Gives the conductor a moment to take the last reports; what it does not take stays in the journal.
    private func flush() async -> End {
        let deadline = ContinuousClock.now.advanced(by: Self.flushTimeout)
        while await !session.hasReportedAll(), ContinuousClock.now < deadline, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(50))
        }
        return .flushed
    }

    private func watch() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.sweepInterval)
            if !Task.isCancelled { await operations.sweep() }
        }
    }
}
