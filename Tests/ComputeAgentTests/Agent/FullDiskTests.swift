import ComputeMessages
import Foundation
import StatorObjects
import StatorRPC
import TestSupport
import Testing

/// The built agent, whose files may not grow beyond a bound: its journal finds no more room, as on a full disk.
@Suite(.timeLimit(.minutes(2))) struct FullDiskTests {
    private func start(_ host: AgentHarness) throws -> ChildProcess {
        let tls = try TestCertificates.tls(class: "compute", name: "host1")
        return try ChildProcess(
            executable: "/bin/sh",
            arguments: [
                // The soft bound only, so that it can be lifted; 4 or 8 KiB, as the shell counts. The log is a file too.
                "-c", "trap '' XFSZ; ulimit -S -f 8; exec \"$0\" \"$@\" 2> /dev/null",
                try ChildProcess.builtExecutable("stator-compute"), "serve", "--conductor", host.address,
                "--state-directory", host.stateFolder.path, "--image-directory", host.imageFolder.path, "--driver",
                "fake", "--certificate", tls.certificateChainPath, "--private-key", tls.privateKeyPath, "--ca",
                tls.trustRootsPath,
            ])
    }

    /// Carries out operations on new instances until one is not reported; returns all that were accepted.
    private func fill(_ host: AgentHarness) async throws -> [ObjectID] {
        var accepted: [ObjectID] = []
        var isFull = false
        while !isFull, accepted.count < 400 {
            let instance = host.instance()
            for kind in [OperationKind.create, .delete] where !isFull {
                let operation = ObjectID.random()
                #expect(try await host.conductor.execute(host.directive(kind, instance, operation: operation)))
                accepted.append(operation)
                isFull =
                    (try? await waitUntil(timeout: .seconds(2)) {
                        host.conductor.reports.contains { $0.operationId == operation }
                    }) == nil
            }
        }
        #expect(isFull)
        return accepted
    }

    @Test func `a full disk keeps outcomes back, loses none and invents none, and all go out when there is room`()
        async throws
    {
        let host = try await AgentHarness()
        let agent = try start(host)
        try await host.conductor.waitForHost()
        var accepted = try await fill(host)
        #expect(accepted.count > 10)
        let reported = host.conductor.reports.count
        // A record is a file of its own and still fits: the directive is taken, its outcome waits.
        let late = ObjectID.random()
        #expect(try await host.conductor.execute(host.directive(.create, host.instance(), operation: late)))
        accepted.append(late)
        #expect(host.conductor.reports.count == reported)

        let lifted = try ChildProcess(
            executable: "/usr/bin/env", arguments: ["prlimit", "--pid", "\(agent.processID)", "--fsize=unlimited"])
        #expect(try await lifted.wait() == .status(0))
        try await waitUntil(timeout: .seconds(40), "all is reported") {
            host.conductor.reports.count >= accepted.count
        }
        let reports = host.conductor.reports
        #expect(reports.map(\.sequence) == (1...UInt64(accepted.count)).map(Optional.some))
        #expect(Set(reports.map(\.operationId)) == Set(accepted.map(Optional.some)))
        #expect(reports.allSatisfy { $0.outcome == .succeeded })
        agent.signal(SIGTERM)
        #expect(try await agent.wait() == .status(0))
        await host.end()
    }

    @Test func `an agent killed while its disk is full reports from its records once there is room`() async throws {
        let host = try await AgentHarness()
        let agent = try start(host)
        try await host.conductor.waitForHost()
        let accepted = try await fill(host)
        #expect(host.conductor.reports.count == accepted.count - 1)
        agent.signal(SIGKILL)
        _ = try await agent.wait()
        try host.startAgent()
        let last = try #require(accepted.last)
        #expect(try await host.conductor.report(of: last).outcome == .succeeded)
        #expect(host.conductor.reports.map(\.sequence) == (1...UInt64(accepted.count)).map(Optional.some))
        await host.end()
    }
}
