import ClusterSupport
import Foundation
import TestSupport
import Testing

/// Everything that needs both releases; only `make test-upgrade` has them.
@Suite(.serialized, .enabled(if: UpgradeSettings.isEnabled)) struct UpgradeSystemTests {}

extension UpgradeSystemTests {
    /// The five services in many orders, to the newer release and back, while users work.
    @Suite struct RollingUpgradeTests {
        /// With more, something is so wrong that the rest tells nothing.
        private static let problemsMax = 10

        private struct Way {
            let order: UpgradeOrder
            let release: Programs
        }

        @Test func `every order of restarts leaves users and guests undisturbed`() async throws {
            let orders = UpgradeOrder.selection(count: UpgradeSettings.orderCount, seed: UpgradeSettings.seed)
            say("\(orders.count) orders up and down, SEED=\(UpgradeSettings.seed)")
            let mixed = try await MixedCluster(driver: .qemu)
            try await mixed.createIdleGuests()
            let begin = ContinuousClock.now
            try await mixed.underLoad(seed: UpgradeSettings.seed) {
                var known = 0
                for (index, order) in orders.enumerated() {
                    try await play(order, number: index + 1, of: orders.count, on: mixed, &known)
                }
            }
            try await conclude(mixed, orders.count, lasted: begin.duration(to: .now))
        }

        /// `known`: how many problems there were before.
        private func play(
            _ order: UpgradeOrder, number: Int, of count: Int, on mixed: MixedCluster, _ known: inout Int
        ) async throws {
            let begin = ContinuousClock.now
            let back = order.wayBack
            try await go(Way(order: order, release: UpgradeSettings.new), on: mixed)
            try await mixed.moveOnline(mayBeIncomplete: false)
            try await mixed.load.checkEverything(by: UpgradeSettings.new, seesNewFields: true)
            try await go(Way(order: back, release: UpgradeSettings.old), on: mixed)
            mixed.load.checkProcesses()
            let counts = mixed.load.journal.takeCounts()
            let problems = mixed.load.journal.problems
            say(
                "order \(number) of \(count): \(order); back: \(back): \(seconds(begin.duration(to: .now))) s, "
                    + "\(counts.total) requests, \(counts.refusedTotal) refused as documented, "
                    + "\(counts.failedTotal) failed, the slowest took \(seconds(counts.longest)) s")
            // The others go on: one finding is not to hide the next.
            guard problems.count > known else { return }
            known = problems.count
            say("  problems: \(problems.joined(separator: "\n  ")); logs in \(try mixed.cluster.saveLogs())")
            guard known < Self.problemsMax else { throw TestSupportError(problems.joined(separator: "\n")) }
        }

        /// Restart by restart, with a window of load in each state.
        private func go(_ way: Way, on mixed: MixedCluster) async throws {
            for (index, daemon) in way.order.daemons.enumerated() {
                do {
                    try await mixed.restart(daemon, way.release)
                    // Data moves while conductors of both releases serve, at any moment.
                    if index == 2 { try await mixed.moveOnline(mayBeIncomplete: true) }
                    try await mixed.load.waitForRequests(UpgradeSettings.windowRequests, writes: 1)
                } catch {
                    throw TestSupportError(
                        """
                        \(daemon) to the \(way.release) release, on the way \(way.order): \(error); \
                        \(mixed.load.journal.problems); logs in \(try mixed.cluster.saveLogs())
                        """)
                }
            }
        }

        private func conclude(_ mixed: MixedCluster, _ orderCount: Int, lasted: Duration) async throws {
            var problems = try await mixed.finalProblems()
            let restarted = try await mixed.restartedGuests()
            if problems.isEmpty {
                try await mixed.contract()
                problems = mixed.load.journal.problems
            }
            let counts = mixed.load.journal.counts
            counts.table.forEach { say($0) }
            say(
                "\(orderCount) orders up and down, \(orderCount * 10) restarts in \(seconds(lasted)) s: "
                    + "\(counts.total) requests, \(counts.refusedTotal) refused as documented, "
                    + "\(counts.failedTotal) failed; \(mixed.load.journal.valuesReadBack) values read back, "
                    + "\(problems.count) problems, \(restarted.count) of \(MixedCluster.idleGuestCount) idle guests restarted"
            )
            guard problems.isEmpty else {
                throw TestSupportError(
                    "\(problems.joined(separator: "\n")); logs in \(try mixed.cluster.saveLogs())")
            }
        }
    }
}

/// A line of the report; test-upgrade.sh shows those.
func say(_ text: String) {
    FileHandle.standardOutput.write(Data("upgrade: \(text)\n".utf8))
}

func seconds(_ duration: Duration) -> String {
    let parts = duration.components
    let value = Double(parts.seconds) + Double(parts.attoseconds) / 1e18
    return String(format: "%.1f", value)
}
