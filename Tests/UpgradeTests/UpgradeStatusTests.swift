import ClusterSupport
import Foundation
import TestSupport
import Testing

extension UpgradeSystemTests {
    /// What operators are told on the way, and what the database allows.
    @Suite struct UpgradeScenarioStatusTests {
        typealias Daemon = TestCluster.Daemon

        let old = UpgradeSettings.old
        let new = UpgradeSettings.new

        /// The part of `stator upgrade status --json` that is looked at.
        private struct Status {
            let document: JSONValue

            /// The gates of the newer release with the names of those who hold them down.
            var closedGates: [String: [String]] {
                var gates: [String: [String]] = [:]
                for gate in document["gates"]?.elements ?? [] {
                    guard let name = gate["name"]?.text, gate["open"] != true else { continue }
                    gates[name] = (gate["held_by"]?.elements ?? []).compactMap { $0["name"]?.text }.sorted()
                }
                return gates
            }

            var gateCount: Int { document["gates"]?.elements.count ?? 0 }

            /// Name and release of all services that are up.
            var releases: [String: String] {
                var releases: [String: String] = [:]
                for service in document["services"]?.elements ?? [] where service["up"] == true {
                    if let name = service["name"]?.text { releases[name] = service["release"]?.text }
                }
                return releases
            }
        }

        private func status(of mixed: MixedCluster) async throws -> Status {
            let result = try await mixed.cluster.command(new).run(["upgrade", "status", "--json"])
            guard result.exit == .status(0) else { throw TestSupportError("upgrade status: \(result.errorOutput)") }
            return Status(document: try JSONValue(parsing: result.output))
        }

        @Test func `the status names who holds which gate, and who is gone for good stops holding it`() async throws {
            let mixed = try await MixedCluster(driver: .fake)
            // Conductors first: they know the newer release's gates.
            var waiting = Set(Daemon.all.map(\.name))
            for daemon in Daemon.conductors + [.api, Daemon.hosts[0]] {
                try await mixed.restart(daemon, new)
                waiting.remove(daemon.name)
                guard mixed.cluster.release(of: .conductor2) == new else { continue }
                try await expectHolders(waiting, on: mixed)
            }
            #expect(waiting == ["host2"])
            let releases = try await status(of: mixed).releases
            #expect(Set(releases.keys) == Set(Daemon.all.map(\.name)))
            #expect(releases["host1"] == releases["conductor1"])
            #expect(Set(releases.values).count == (UpgradeSettings.isSameRelease ? 1 : 2), "\(releases)")

            // While it only restarts, it is waited for.
            try await mixed.cluster.stop(Daemon.hosts[1])
            try await expectHolders(["host2"], on: mixed)
            try await mixed.cluster.start(Daemon.hosts[1], old)
            try await expectHolders(["host2"], on: mixed)

            // Switched off for good: it tells nobody, and nothing is done about it.
            try await mixed.cluster.kill9(Daemon.hosts[1])
            try await expectHolders(["host2"], on: mixed)
            let begin = ContinuousClock.now
            try await waitUntil(timeout: .seconds(60), pollEvery: .milliseconds(200), "all gates are open") {
                try await status(of: mixed).closedGates.isEmpty
            }
            say("a host that was switched off held the gates for \(seconds(begin.duration(to: .now))) s more")
            // And when it comes back, it holds them again.
            try await mixed.cluster.start(Daemon.hosts[1], old)
            try await expectHolders(["host2"], on: mixed)
            try await mixed.restart(Daemon.hosts[1], new)
            try await expectHolders([], on: mixed)
        }

        /// All gates of the newer release are held by exactly these.
        private func expectHolders(_ names: Set<String>, on mixed: MixedCluster) async throws {
            var last = try await status(of: mixed)
            func isExpected(_ status: Status) -> Bool {
                UpgradeSettings.isSameRelease
                    || status.gateCount > 0 && status.closedGates.count == (names.isEmpty ? 0 : status.gateCount)
                        && status.closedGates.values.allSatisfy { $0 == names.sorted() }
            }
            // A service that has just been started registers in this moment.
            let deadline = ContinuousClock.now.advanced(by: .seconds(10))
            while !isExpected(last) && ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(100))
                last = try await status(of: mixed)
            }
            #expect(isExpected(last), "\(names) should hold the gates: \(last.closedGates) of \(last.gateCount)")
        }

        @Test func `services go back by one release until contract, and contract waits for all of them`() async throws {
            let mixed = try await MixedCluster(driver: .fake)
            let cluster = mixed.cluster
            var refusals = 0
            for daemon in Daemon.all {
                let names = Daemon.all.filter { cluster.release(of: $0) == old }.map(\.name)
                let result = try await cluster.runMigrate(["--contract"], by: new)
                if !UpgradeSettings.isSameRelease {
                    #expect(result.exit == .status(1), "\(mixed.mixture): \(result.output) \(result.errorOutput)")
                    for name in names { #expect((result.output + result.errorOutput).contains("'\(name)'")) }
                    refusals += 1
                }
                try await mixed.restart(daemon, new)
                // Back, and on again: there is a way back from every state.
                try await mixed.restart(daemon, old)
                try await mixed.restart(daemon, new)
            }
            say("contract was refused \(refusals) times, while anyone of the older release was there")
            try await cluster.migrate(["--online"], by: new)
            // Nobody is old any more; what is left to do is to take away what only the older release needs.
            try await expectCheck(.status(1), saying: "contract", on: mixed)
            // Hosts that have just registered anew may still be known by their older version.
            try await waitUntil(timeout: .seconds(30), pollEvery: .milliseconds(500), "contract is done") {
                try await cluster.runMigrate(["--contract"], by: new).exit == .status(0)
            }
            try await expectCheck(.status(0), saying: "", on: mixed)
            #expect(try await mixed.cluster.command(old).run(["server", "list"]).exit == .status(0))
            guard !UpgradeSettings.isSameRelease else { return }
            try await expectNoWayBack(on: mixed)
        }

        private func expectCheck(_ exit: ChildProcess.Exit, saying text: String, on mixed: MixedCluster) async throws {
            guard !UpgradeSettings.isSameRelease else { return }
            let result = try await mixed.cluster.command(new).run(["upgrade", "check"])
            #expect(result.exit == exit, "\(result.output) \(result.errorOutput)")
            #expect(text.isEmpty || result.output.contains(text), "\(result.output)")
        }

        /// What the older release needs is gone: it says so, and does not start.
        private func expectNoWayBack(on mixed: MixedCluster) async throws {
            try await mixed.cluster.stop(.conductor2)
            let failure = await #expect(throws: TestSupportError.self) {
                try await mixed.cluster.start(.conductor2, old)
            }
            #expect(failure?.description.contains("service version") == true, "\(String(describing: failure))")
            try await mixed.cluster.start(.conductor2, new)
        }
    }
}
