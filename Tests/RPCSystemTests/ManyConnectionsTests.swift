import RPCTestService
import StatorReactor
import TestSupport
import Testing

/// Many hosts that are idle but for their leases, each on a connection of its own.
@Suite struct ManyConnectionsTests {
    private static let connectionsCount = Scale.count("STATOR_RPC_CONNECTIONS", short: 200, full: 10_000)
    private static let interval = Scale.count("STATOR_RPC_LEASE_MILLISECONDS", short: 1_000, full: 30_000)
    private static let duration = Scale.count("STATOR_RPC_HOLD_MILLISECONDS", short: 4_000, full: 600_000)

    @Test(.timeLimit(.minutes(30))) func `connections that renew their leases all stay`() async throws {
        let count = Self.connectionsCount
        let server = try await ServerProcess.start(
            options: ["connections-max": count + 10, "connections-per-peer-max": count + 10, "ping-interval": 15_000],
            log: "warning")
        let before = try server.residentKiB
        let begin = ContinuousClock.now
        let hosts = try ChildProcess(
            built: "RPCTestServer",
            arguments: [
                "lease", "--address", "\(server.address)", "--connections", "\(count)", "--interval",
                "\(Self.interval)",
                "--duration", "\(Self.duration)",
            ] + TestCertificates.tls(class: "compute", name: "host1").arguments)
        try await hosts.waitForOutput("ready ", timeout: .seconds(300))
        let grown = try server.residentKiB - before
        report("\(count) connections made in \(text(begin.duration(to: .now))): \(grown / count) KiB each")
        try await hosts.waitForOutput("ended ", timeout: .milliseconds(Self.duration) + .seconds(60))
        try await hosts.wait()
        let line = hosts.output.split(separator: "\n").last.map(String.init) ?? ""
        report(
            "\(count) connections held \(Self.duration) ms: \(line), server's peak \(try server.residentPeakKiB) KiB")
        #expect(line.contains(" dropped=0 "), "\(line)")
        #expect(line.contains(" refusals=0 "), "\(line)")
        let renewals = line.firstMatch(of: /renewals=(\d+)/).flatMap { Int($0.1) } ?? 0
        // All that were due but those of the last moment.
        #expect(renewals >= count * (Self.duration / Self.interval - 1))
        #expect(server.process.errorOutput.isEmpty, "\(server.process.errorOutput)")
        try await server.drain()
    }
}
