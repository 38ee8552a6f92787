internal import ComputeMessages
internal import ComputeObjects
internal import Logging
internal import StatorObjects
internal import StatorReactor
internal import StatorRPC
internal import StatorWire

/// What this host tells the conductor: that it is here, that it still is, and what happened.
actor ConductorSession {
    static let reportCountMax = 64
    private static let leaseDefault: UInt32 = 15_000
    private static let leaseMin: UInt32 = 300
    private static let retryDelay: Duration = .milliseconds(500)
    private static let retryDelayMax: Duration = .seconds(10)

    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let host: HostDescription
    private let reports: ReportWriter
    private let logger: Logger
    /// Nil until registered. Reports up to here have been sent.
    private var sentThrough: UInt64?
    private var leaseMs = leaseDefault
    private var wasReady = false
    private nonisolated let registered = Signal()
    private nonisolated let failures:
        (stream: AsyncStream<AgentError>, continuation: AsyncStream<AgentError>.Continuation)

    init(loop: EventLoop, host: HostDescription, reports: ReportWriter, logger: Logger) {
        self.loop = loop
        self.host = host
        self.reports = reports
        self.logger = logger
        failures = AsyncStream.makeStream()
    }

    // MARK: Registration

    /// Registers on a new connection, before anything else is sent on it.
    func register(on connection: Connection) async throws {
        var request = RegisterHostRequest()
        request.host = try await host.object()
        request.bootEpoch = reports.bootEpoch
        let journal = reports.journal
        let last = await reports.files.run { journal.lastSequence }
        request.lastSequence = last
        let response = try await HostStateClient(CountingCaller(caller: connection)).registerHost(request)
        let applied = response.appliedThrough ?? 0
        guard applied <= last else {
            let error = AgentError(
                .stateLost,
                "the conductor has \(applied) reports of host '\(host.name)', and the journal here ends at \(last): this is "
                    + "not the state directory that this host last had; put that back, or have the host's record removed"
            )
            failures.continuation.yield(error)
            throw error
        }
        try await reports.files.run { () throws(AgentError) in try journal.acknowledge(through: applied) }
        sentThrough = applied
        leaseMs = max(response.leaseMs ?? Self.leaseDefault, Self.leaseMin)
        logger.info(
            wasReady ? "registered again" : "ready",
            metadata: [
                "host": "\(host.name)", "conductor": "\(connection.peer.identity.name)",
                "address": "\(connection.peer.address)", "applied_through": "\(applied)", "last_sequence": "\(last)",
            ])
        wasReady = true
        registered()
        reports.written()
    }

    /// The first thing that makes it impossible to go on; nil when the task is cancelled before.
    nonisolated func failure() async -> AgentError? {
        for await error in failures.stream { return error }
        return nil
    }

    // MARK: The lease

    func keepLease(_ caller: some Caller) async {
        while !Task.isCancelled {
            let period = Duration.milliseconds(leaseMs / 3)
            try? await Task.sleep(for: period)
            guard sentThrough != nil, !Task.isCancelled else { continue }
            var request = RenewLeaseRequest()
            request.bootEpoch = reports.bootEpoch
            do throws(RPCError) {
                let options = CallOptions(timeout: period)
                let response = try await HostStateClient(CountingCaller(caller: caller)).renewLease(
                    request, options: options)
                leaseMs = max(response.leaseMs ?? leaseMs, Self.leaseMin)
            } catch {
                logger.debug("the lease was not renewed", metadata: ["reason": "\(error)"])
            }
        }
    }

    // MARK: Reports

    /// Sends what is in the journal, in order, whenever there is something.
    func sendReports(_ caller: some Caller) async {
        let client = HostStateClient(CountingCaller(caller: caller))
        var delay = Self.retryDelay
        for await _ in reports.written.stream {
            var isDone = false
            while !isDone, !Task.isCancelled {
                do {
                    isDone = try await !sendBatch(client)
                    delay = Self.retryDelay
                } catch {
                    logger.warning("reports were not taken; trying again", metadata: ["reason": "\(error)"])
                    try? await Task.sleep(for: delay)
                    delay = min(delay * 2, Self.retryDelayMax)
                }
            }
        }
    }

    /// Sends one batch; false when there is nothing to send.
    private func sendBatch(_ client: HostStateClient) async throws -> Bool {
        guard let sent = sentThrough else { return false }
        let journal = reports.journal
        let batch = try await reports.files.run { () throws(AgentError) in
            try journal.reports(after: sent, limit: Self.reportCountMax)
        }
        guard let last = batch.last?.sequence else { return false }
        var request = ReportRequest()
        request.reports = batch
        let applied = try await client.report(request).appliedThrough ?? 0
        try await reports.files.run { () throws(AgentError) in try journal.acknowledge(through: applied) }
        sentThrough = applied
        logger.debug("reported", metadata: ["applied_through": "\(applied)"])
        guard applied >= last else {
            throw RPCError(.aborted, "the conductor applied reports through \(applied) only, of \(last)")
        }
        return true
    }

    /// Whether the conductor has everything.
    func hasReportedAll() async -> Bool {
        let journal = reports.journal
        return await reports.files.run { journal.lastSequence == journal.acknowledgedThrough }
    }

    // MARK: Reconciliation

    /// Compares with the conductor after each registration.
    func reconcile(_ caller: some Caller, _ operations: InstanceOperations) async {
        let client = HostStateClient(CountingCaller(caller: caller))
        for await _ in registered.stream {
            do {
                let response = try await client.getInstances(GetHostInstancesRequest())
                try await operations.reconcile(with: response.instances)
            } catch {
                logger.warning("could not compare with the conductor", metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: Self.retryDelay)
                if !Task.isCancelled { registered() }
            }
        }
    }
}

/// What the host says of itself when it registers.
struct HostDescription: Sendable {
    let identity: HostIdentity
    let capacity: HostCapacity
    let driver: any Driver
    let images: ImageDirectory
    let imageQueue: BlockingQueue

    var name: String { identity.name }

    /// The images are looked at anew each time.
    func object() async throws(AgentError) -> Host {
        let images = images
        let found = try await imageQueue.run { () throws(AgentError) in try images.images() }
        var host = Host()
        host.uuid = identity.id
        host.name = identity.name
        host.vcpus = capacity.vcpus
        host.memoryMb = capacity.memoryMb
        host.localGb = capacity.localGb
        host.hypervisor = driver.hypervisor
        host.accelerator = driver.guestAccelerator
        host.hypervisorVersion = driver.hypervisorVersion
        host.release = Release.current
        host.serviceVersion = Release.serviceVersion
        host.images = found.map(\.object)
        return host
    }
}
