import ComputeAgent
import ComputeMessages
import ComputeObjects
import Foundation
import Logging
import StatorObjects
import StatorRPC
import StatorReactor
import StatorTLS
import StatorWire
import Synchronization
import TestSupport

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

extension TestCertificates.Paths {
    var configuration: TLSConfiguration {
        TLSConfiguration(
            certificateChainPath: certificateChainPath, privateKeyPath: privateKeyPath, trustRootsPath: trustRootsPath)
    }
}

/// A conductor's face to hosts, over real TLS on loopback; keeps what it is told in memory.
final class FakeConductor: HostStateService {
    struct State {
        var appliedThrough: UInt64 = 0
        var reports: [Report] = []
        var registrations: [RegisterHostRequest] = []
        var renewalCount = 0
        var readCount = 0
        var connection: Connection?
        var instances: [Instance] = []
        var takesReports = true
        var leaseMs: UInt32 = 3000
    }

    let state = Mutex(State())
    let loop: EventLoop
    private let server = Mutex<Server?>(nil)
    private let task = Mutex<Task<Void, Never>?>(nil)

    init() throws {
        loop = try EventLoop(label: "fake-conductor")
        try loop.start()
    }

    /// Listens and returns the address.
    func start() async throws -> String {
        var router = CallRouter()
        router.register(hostState: self)
        let server = try Server(
            configuration: ServerConfiguration(
                address: try SocketAddress(parsing: "127.0.0.1:0"),
                tls: try TestCertificates.tls(class: "conductor", name: "conductor1").configuration,
                local: localEndpoint()),
            router: router, loop: loop, logger: quietLogger,
            onConnect: { [self] connection in state.withLock { $0.connection = connection } })
        let address = try await server.start()
        self.server.withLock { $0 = server }
        let task = Task { () -> Void in try? await server.run() }
        self.task.withLock { $0 = task }
        return address.description
    }

    func stop() async {
        await server.withLock { $0 }?.shutdown()
        await task.withLock { $0 }?.value
        loop.stop()
        loop.join()
    }

    // MARK: HostState

    func registerHost(_ request: RegisterHostRequest, context: CallContext) async throws -> RegisterHostResponse {
        state.withLock { state in
            state.registrations.append(request)
            state.connection = context.connection
            var response = RegisterHostResponse()
            response.host = request.host
            response.appliedThrough = state.appliedThrough
            response.leaseMs = state.leaseMs
            return response
        }
    }

    func renewLease(_ request: RenewLeaseRequest, context: CallContext) async throws -> RenewLeaseResponse {
        state.withLock { state in
            state.renewalCount += 1
            var response = RenewLeaseResponse()
            response.leaseMs = state.leaseMs
            return response
        }
    }

    func report(_ request: ReportRequest, context: CallContext) async throws -> ReportResponse {
        try state.withLock { state in
            guard state.takesReports else { throw RPCError(.unavailable, "not now") }
            for report in request.reports where (report.sequence ?? 0) > state.appliedThrough {
                guard report.sequence == state.appliedThrough + 1 else {
                    throw RPCError(.failedPrecondition, "a gap before \(report.sequence ?? 0)")
                }
                state.appliedThrough += 1
                state.reports.append(report)
            }
            var response = ReportResponse()
            response.appliedThrough = state.appliedThrough
            return response
        }
    }

    func getInstances(
        _ request: GetHostInstancesRequest, context: CallContext
    ) async throws -> GetHostInstancesResponse {
        state.withLock { state in
            state.readCount += 1
            var response = GetHostInstancesResponse()
            response.instances = state.instances
            return response
        }
    }

    // MARK: What a test does with it

    var reports: [Report] { state.withLock { $0.reports } }

    private func control() throws -> HostControlClient {
        guard let connection = state.withLock({ $0.connection }) else { throw RPCError(.unavailable, "no host") }
        return HostControlClient(connection)
    }

    func execute(_ directive: Directive) async throws -> Bool {
        var request = ExecuteRequest()
        request.directive = directive
        return try await control().execute(request).accepted ?? true
    }

    func console(of id: ObjectID) async throws -> String {
        var request = GetGuestConsoleRequest()
        request.instanceUuid = id
        var bytes: [UInt8] = []
        for try await part in try await control().getConsoleOutput(request) { bytes += part.data ?? [] }
        return String(decoding: bytes, as: UTF8.self)
    }

    func waitForHost(count: Int = 1) async throws {
        try await waitUntil("the host has registered \(count) times") {
            state.withLock { $0.registrations.count >= count }
        }
    }

    /// Waits for the report of an operation; with `count`, for so many of it.
    @discardableResult
    func report(of operation: ObjectID, count: Int = 1) async throws -> Report {
        try await waitUntil("operation \(operation) is reported \(count) times") {
            reports.filter { $0.operationId == operation }.count >= count
        }
        return reports.last { $0.operationId == operation } ?? Report()
    }
}
