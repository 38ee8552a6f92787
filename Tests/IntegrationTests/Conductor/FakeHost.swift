import ComputeMessages
import ComputeObjects
import Logging
import StatorObjects
import StatorRPC
import StatorReactor
import StatorTLS
import StatorWire
import Synchronization
import TestSupport

/// A host without guests: takes directives over real TLS, and reports what it is told to report.
final class FakeHost: HostControlService, Sendable {
    /// What it does with a directive.
    enum Behaviour: Sendable {
        case carryOut
        case fail(String)
        /// Takes it, and reports nothing until `reportHeld(_:)`.
        case hold
        case refuse(String)
        /// Takes nothing, as if it could not be reached.
        case beAway
        /// Neither takes directives nor refuses them.
        case beSilent
    }

    private struct State: Sendable {
        var behaviour: Behaviour
        var directives: [Directive] = []
        var held: [Directive] = []
        var known: Set<ObjectID> = []
        var journal: [Report] = []
        var lastSequence: UInt64 = 0
        var registrations: [Result<RegisterHostResponse, RPCError>] = []
    }

    let uuid: ObjectID
    let name: String
    let bootEpoch: UInt64
    let channel: Channel
    private let claimedName: String
    private let images: [Image]
    private let memoryMb: UInt32
    private let state: Mutex<State>
    private let outbox: AsyncStream<Void>
    private let outboxSignal: AsyncStream<Void>.Continuation
    private let registrar: Registrar

    /// Lets the channel's closure find the host that is only made after it.
    private final class Registrar: Sendable {
        private let host = Mutex<FakeHost?>(nil)
        func set(_ value: FakeHost?) { host.withLock { $0 = value } }
        func get() -> FakeHost? { host.withLock { $0 } }
    }

    init(
        name: String, claiming claimedName: String? = nil, uuid: ObjectID = .random(), bootEpoch: UInt64 = 1,
        memoryMb: UInt32 = 4096, images: [Image], behaviour: Behaviour = .carryOut, conductors: [SocketAddress],
        loop: EventLoop, logger: Logger
    ) throws {
        self.name = name
        self.claimedName = claimedName ?? name
        self.uuid = uuid
        self.bootEpoch = bootEpoch
        self.memoryMb = memoryMb
        self.images = images
        state = Mutex(State(behaviour: behaviour))
        (outbox, outboxSignal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let registrar = Registrar()
        let control = ControlFacade(registrar: registrar)
        var router = CallRouter()
        router.register(hostControl: control)
        channel = try Channel(
            configuration: ChannelConfiguration(
                addresses: conductors.map(\.description), tls: try tlsConfiguration(class: "compute", name: name),
                local: localEndpoint(), expectedPeer: .conductor),
            router: router, loop: loop, logger: logger,
            onConnect: { connection in try await registrar.get()?.register(over: connection) })
        self.registrar = registrar
        registrar.set(self)
    }

    /// Stays connected, renews its lease and delivers its journal until its task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.channel.run() }
            group.addTask { await self.renewRegularly() }
            group.addTask { await self.deliverJournal() }
            await group.waitForAll()
        }
        registrar.set(nil)
    }

    // MARK: What the conductor asks

    func execute(_ request: ExecuteRequest, context: CallContext) async throws -> ExecuteResponse {
        guard let directive = request.directive, let operation = directive.operationId else {
            throw RPCError(.invalidArgument, "no directive")
        }
        var response = ExecuteResponse()
        let behaviour = state.withLock { $0.behaviour }
        if case .refuse(let reason) = behaviour {
            state.withLock { $0.directives.append(directive) }
            throw RPCError(.failedPrecondition, reason)
        }
        if case .beAway = behaviour {
            state.withLock { $0.directives.append(directive) }
            throw RPCError(.unavailable, "away")
        }
        if case .beSilent = behaviour {
            state.withLock { $0.directives.append(directive) }
            try await Task.sleep(for: .seconds(60))
        }
        let isNew = state.withLock { state in
            state.directives.append(directive)
            return state.known.insert(operation).inserted
        }
        response.accepted = isNew
        guard isNew else { return response }
        switch behaviour {
        case .carryOut: report(directive, .succeeded)
        case .fail(let reason): report(directive, .failed, reason)
        case .hold, .refuse, .beAway, .beSilent: state.withLock { $0.held.append(directive) }
        }
        return response
    }

    func getConsoleOutput(
        _ request: GetGuestConsoleRequest, responses: ResponseWriter<ConsoleOutput>, context: CallContext
    ) async throws {
        for part in ["console of ", request.instanceUuid?.description ?? "nothing", " on \(name)\n"] {
            var output = ConsoleOutput()
            output.data = Array(part.utf8)
            try await responses.write(output)
        }
    }

    // MARK: What the test wants

    var directives: [Directive] { state.withLock { $0.directives } }
    var heldDirectives: [Directive] { state.withLock { $0.held } }
    var registrations: [Result<RegisterHostResponse, RPCError>] { state.withLock { $0.registrations } }
    var isJournalEmpty: Bool { state.withLock { $0.journal.isEmpty } }
    var lastSequence: UInt64 { state.withLock { $0.lastSequence } }

    func become(_ behaviour: Behaviour) {
        state.withLock { $0.behaviour = behaviour }
    }

    /// Reports on everything that was held, in order.
    func reportHeld(
        _ outcome: ReportOutcome = .succeeded, _ reason: String? = nil, details: String? = nil
    ) {
        let held = state.withLock { state in
            defer { state.held = [] }
            return state.held
        }
        for directive in held { report(directive, outcome, reason, details: details) }
    }

    /// Reports on one directive as if it had just been carried out.
    func report(
        _ directive: Directive, _ outcome: ReportOutcome, _ reason: String? = nil, details: String? = nil
    ) {
        var instance = Instance()
        instance.uuid = directive.instance?.uuid
        if outcome == .succeeded {
            instance.powerState = directive.kind?.rule?.powerState ?? .pending
        }
        append(
            outcome, instance: instance, operation: directive.operationId, reason: reason, details: details)
    }

    func append(
        _ outcome: ReportOutcome, instance: Instance, operation: ObjectID? = nil, reason: String? = nil,
        details: String? = nil
    ) {
        state.withLock { state in
            state.lastSequence += 1
            state.journal.append(
                makeReport(
                    state.lastSequence, outcome, instance: instance, operation: operation, reason: reason,
                    details: details))
        }
        outboxSignal.yield()
    }

    func makeReport(
        _ sequence: UInt64, _ outcome: ReportOutcome, instance: Instance, operation: ObjectID? = nil,
        reason: String? = nil, details: String? = nil
    ) -> Report {
        var report = Report()
        report.sequence = sequence
        report.bootEpoch = bootEpoch
        report.outcome = outcome
        report.operationId = operation
        report.instance = instance
        report.reportedAt = .now()
        if let reason {
            var fault = Fault()
            fault.code = UInt32(StatusCode.internal.rawValue)
            fault.message = reason
            fault.details = details
            report.fault = fault
        }
        return report
    }

    var client: HostStateClient { HostStateClient(channel) }

    func registerRequest() -> RegisterHostRequest {
        var host = Host()
        host.uuid = uuid
        host.name = claimedName
        host.vcpus = max(8, memoryMb / 512)
        host.memoryMb = memoryMb
        host.localGb = 100
        host.hypervisor = "fake"
        host.accelerator = Accelerator.none
        host.hypervisorVersion = "1"
        host.release = Release.current
        host.serviceVersion = Release.serviceVersion
        host.images = images
        var request = RegisterHostRequest()
        request.host = host
        request.bootEpoch = bootEpoch
        request.lastSequence = lastSequence
        return request
    }

    // MARK: How it stays in touch

    private func register(over connection: Connection) async throws {
        do {
            let response = try await HostStateClient(connection).registerHost(registerRequest())
            state.withLock { state in
                state.registrations.append(.success(response))
                let applied = response.appliedThrough ?? 0
                state.journal.removeAll { ($0.sequence ?? 0) <= applied }
            }
            outboxSignal.yield()
        } catch {
            state.withLock { $0.registrations.append(.failure(error)) }
            throw error
        }
    }

    private func renewRegularly() async {
        while !Task.isCancelled {
            guard (try? await Task.sleep(for: .seconds(2))) != nil else { return }
            var request = RenewLeaseRequest()
            request.bootEpoch = bootEpoch
            _ = try? await client.renewLease(request, options: CallOptions(timeout: .seconds(2)))
        }
    }

    private func deliverJournal() async {
        for await _ in outbox {
            let reports = state.withLock { $0.journal }
            if reports.isEmpty { continue }
            var request = ReportRequest()
            request.reports = reports
            do {
                let response = try await client.report(request, options: CallOptions(timeout: .seconds(5)))
                let applied = response.appliedThrough ?? 0
                state.withLock { $0.journal.removeAll { ($0.sequence ?? 0) <= applied } }
            } catch {
                guard (try? await Task.sleep(for: .milliseconds(200))) != nil else { return }
                outboxSignal.yield()
            }
        }
    }

    /// Breaks the cycle between the channel's router and the host.
    private struct ControlFacade: HostControlService {
        let registrar: Registrar

        func execute(_ request: ExecuteRequest, context: CallContext) async throws -> ExecuteResponse {
            guard let host = registrar.get() else { throw RPCError(.unavailable, "the host has ended") }
            return try await host.execute(request, context: context)
        }

        func getConsoleOutput(
            _ request: GetGuestConsoleRequest, responses: ResponseWriter<ConsoleOutput>, context: CallContext
        ) async throws {
            guard let host = registrar.get() else { throw RPCError(.unavailable, "the host has ended") }
            try await host.getConsoleOutput(request, responses: responses, context: context)
        }
    }
}

func tlsConfiguration(class callerClass: String, name: String) throws -> TLSConfiguration {
    let paths = try TestCertificates.tls(class: callerClass, name: name)
    return TLSConfiguration(
        certificateChainPath: paths.certificateChainPath, privateKeyPath: paths.privateKeyPath,
        trustRootsPath: paths.trustRootsPath)
}
