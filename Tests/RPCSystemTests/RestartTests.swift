import Foundation
import RPCTestService
import StatorRPC
import StatorReactor
import StatorWire
import TestSupport
import Testing

/// A server goes away and another takes over while 256 calls are always running.
@Suite(.serialized) struct RestartTests {
    private static let callersCount = 256
    private static let rounds = Scale.count("STATOR_RPC_ROUNDS", short: 5, full: 100)
    private static let milliseconds = 5...150

    @Test func `a server restarted with drain on its port fails no call of any kind`() async throws {
        var server = try await ServerProcess.start()
        try await Clients.with { clients in
            try await clients.withChannel(to: [server.address]) { channel in
                let load = Load([channel], kinds: CallKind.allCases, milliseconds: Self.milliseconds)
                load.start(Self.callersCount, on: clients)
                for _ in 0..<Self.rounds {
                    try await settle(load)
                    server = try await restart(server)
                }
                check(await load.stop(), "restart with drain, one server")
            }
        }
        try await server.drain()
    }

    @Test func `of two servers one is restarted with drain at a time, and no call fails`() async throws {
        var servers = [try await ServerProcess.start(), try await ServerProcess.start()]
        try await Clients.with { clients in
            try await clients.withChannel(to: servers.map(\.address)) { channel in
                let load = Load([channel], kinds: CallKind.allCases, milliseconds: Self.milliseconds)
                load.start(Self.callersCount, on: clients)
                for round in 0..<Self.rounds {
                    try await settle(load)
                    servers[round % 2] = try await restart(servers[round % 2])
                }
                check(await load.stop(), "restart with drain, two servers")
            }
        }
        for server in servers { try await server.drain() }
    }

    /// So many short ones begin that some meet the drain on its way.
    @Test func `a call that begins while its server begins to drain is lost neither`() async throws {
        var servers = [try await ServerProcess.start(), try await ServerProcess.start()]
        try await Clients.with { clients in
            try await clients.withChannel(to: servers.map(\.address)) { channel in
                let load = Load([channel], kinds: [.upload, .chat, .once, .watch], milliseconds: 0...2)
                load.start(Self.callersCount / 2, on: clients)
                for round in 0..<Self.rounds {
                    try await settle(load)
                    servers[round % 2] = try await restart(servers[round % 2])
                }
                check(await load.stop(), "drain under calls that begin")
            }
        }
        for server in servers { try await server.drain() }
    }

    /// All callers have been answered, and the connection has held so long that its loss is no repeated failure, after
    /// which the channel would wait longer and longer.
    private func settle(_ load: Load) async throws {
        let begin = ContinuousClock.now
        try await load.waitForCalls(Self.callersCount)
        try await Task.sleep(until: begin.advanced(by: .milliseconds(1_200)))
    }

    /// The next one waits for the port, as a service manager would start it.
    private func restart(_ server: ServerProcess) async throws -> ServerProcess {
        server.process.terminate()
        let next = try await ServerProcess.start(port: server.address.port ?? 0)
        try await server.waitUntilDrained()
        return next
    }

    private func check(_ outcome: Load.Outcome, _ what: String) {
        report(
            "\(what): \(Self.rounds) restarts, \(outcome.latencies.summary), \(outcome.failures.count) failed "
                + CallKind.allCases.map { "\($0) \(outcome.successes[$0] ?? 0)" }.joined(separator: ", "))
        let examples = outcome.failures.prefix(10).map(\.description)
        #expect(outcome.failures.isEmpty, "\(outcome.failures.count): \(examples)")
    }

    @Test func `a killed server costs calls that may not be repeated one UNAVAILABLE each, and others nothing`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let executions = directory.file("executions")
        var server = try await ServerProcess.start(executions: executions)
        try await Clients.with { clients in
            try await clients.withChannel(to: [server.address]) { channel in
                // Half may be repeated; of the others, some stream their requests.
                let kinds: [CallKind] = [.repeatable, .once, .repeatable, .upload]
                let load = Load([channel], kinds: kinds, milliseconds: Self.milliseconds)
                load.start(Self.callersCount, on: clients)
                for _ in 0..<Self.rounds {
                    try await settle(load)
                    try await server.kill()
                    server = try await ServerProcess.start(
                        port: server.address.port ?? 0, executions: executions)
                }
                // The last round's failures are told before the end.
                try await load.waitForCalls(Self.callersCount)
                try checkKilled(await load.stop(), executions: executions)
            }
        }
        try await server.drain()
    }

    private func checkKilled(_ outcome: Load.Outcome, executions path: String) throws {
        let executions = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            .reduce(into: [Substring: Int]()) { $0[$1, default: 0] += 1 }
        let broken = outcome.failures.filter { $0.kind != .repeatable }
        let repeated = executions.values.count { $0 > 1 }
        report(
            "kill -9: \(Self.rounds) kills, \(outcome.latencies.summary), \(outcome.failures(of: .repeatable).count) "
                + "repeatable calls failed, \(broken.count) others failed, \(repeated) repeatable ones executed again")
        let lost = outcome.failures(of: .repeatable).prefix(10).map(\.description)
        #expect(lost.isEmpty, "\(lost)")
        let wrong = broken.filter { $0.error.code != .unavailable }.prefix(10).map(\.description)
        #expect(wrong.isEmpty, "\(wrong)")
        // Each caller has one call running, so a kill costs it one at most.
        let most = Dictionary(grouping: broken, by: \.worker).values.map(\.count).max() ?? 0
        #expect(most <= Self.rounds)
        #expect(!broken.isEmpty)
        let twice = broken.filter { executions[Substring($0.key), default: 0] > 1 }.map(\.description)
        #expect(twice.isEmpty, "\(twice)")
        let notOnce = outcome.onceSucceeded.filter { executions[Substring($0), default: 0] != 1 }
        #expect(notOnce.isEmpty, "\(notOnce)")
    }
}
