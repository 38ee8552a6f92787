import ClusterSupport
import Foundation
import TestSupport
import Testing

extension UpgradeSystemTests {
    /// What has to hold in the middle of an upgrade, whatever the order.
    @Suite struct UpgradeScenarioTests {
        typealias Daemon = TestCluster.Daemon

        let old = UpgradeSettings.old
        let new = UpgradeSettings.new

        @Test func `a conductor that is killed in the middle of its upgrade costs nobody anything`() async throws {
            let mixed = try await MixedCluster(driver: .fake)
            try await mixed.createIdleGuests()
            try await mixed.underLoad(seed: UpgradeSettings.seed) {
                for conductor in Daemon.conductors {
                    try await mixed.cluster.kill9(conductor)
                    try await mixed.load.waitForRequests(2, writes: 1)
                    for pause in [Duration.milliseconds(20), .milliseconds(120), .milliseconds(400)] {
                        // Before, around and after the moment in which it serves.
                        try await mixed.cluster.start(conductor, release: new, endedAfter: pause)
                    }
                    try await mixed.cluster.start(conductor, new)
                    try await mixed.load.waitForRequests(6, writes: 2)
                    try await mixed.killAndRestart(conductor, old)
                    try await mixed.killAndRestart(conductor, new)
                    try await mixed.load.waitForRequests(6, writes: 2)
                }
            }
            try await expectNoProblems(mixed)
        }

        @Test func `each command line works with the other release's API`() async throws {
            let mixed = try await MixedCluster(driver: .fake)
            for (release, client) in [(old, new), (new, old)] {
                try await mixed.restartAll(release)
                let counts = try await CommandTour(mixed, client: client).run()
                say("\(client) command line on the \(release) release: \(counts) commands, all understood")
            }
        }

        @Test func `an object that is sent across releases costs no further call`() async throws {
            let mixed = try await MixedCluster(driver: .fake)
            let alone = try await callsOfALife("life-0", on: mixed, client: old)
            #expect(alone["stator.v1.HostControl/Execute"] == 3)
            var number = 0
            // Every daemon beside older and newer neighbours, then all of the newer release.
            for daemon in [Daemon.hosts[0], Daemon.hosts[1], Daemon.conductors[0], .api, .conductor2] {
                try await mixed.restart(daemon, new)
                for client in [old, new] {
                    number += 1
                    let calls = try await callsOfALife("life-\(number)", on: mixed, client: client)
                    #expect(calls == alone, "\(client) command line; \(mixed.mixture)")
                }
            }
            say("0 extra calls in \(number) lives of a server across releases: \(alone.values.reduce(0, +)) calls each")
        }

        /// Creates, shows, restarts and deletes a server; the calls that all daemons served for it, by method.
        private func callsOfALife(
            _ name: String, on mixed: MixedCluster, client: Programs
        ) async throws -> [String: Int] {
            let before = ServedCalls(of: mixed.cluster)
            let command = try mixed.cluster.command(client)
            for arguments in [
                ["server", "create", name, "--flavor", "tiny", "--image", TestImage.name, "--wait"],
                ["server", "show", name], ["server", "reboot", name, "--hard", "--wait"], ["server", "list"],
                ["server", "delete", name, "--wait"],
            ] {
                let result = try await command.run(arguments)
                #expect(result.exit == .status(0), "\(arguments): \(result.errorOutput)")
            }
            return ServedCalls(of: mixed.cluster).since(before)
        }

        private func expectNoProblems(_ mixed: MixedCluster) async throws {
            let problems = try await mixed.finalProblems()
            let counts = mixed.load.journal.counts
            say("\(counts.total) requests, \(counts.failedTotal) failed, \(problems.count) problems")
            guard problems.isEmpty else {
                throw TestSupportError("\(problems.joined(separator: "\n")); logs in \(try mixed.cluster.saveLogs())")
            }
        }
    }
}
