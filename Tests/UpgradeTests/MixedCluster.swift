import ClusterSupport
import Foundation
import TestSupport
import Testing

/// A cluster whose daemons are of two releases, with guests that must never restart and a load that never stops.
final class MixedCluster {
    static let idleGuestCount = 4

    let cluster: TestCluster
    let load: Load

    /// Everything is of the older release, over a database that its own `migrate` made and the newer one has expanded:
    /// additive, and before anything of the newer release serves.
    init(driver: TestCluster.Driver) async throws {
        cluster = try await TestCluster(
            driver: driver, programs: UpgradeSettings.old, options: ["--log-level", "debug"])
        load = try Load(cluster, hasRealGuests: driver == .qemu)
        try await cluster.migrate(UpgradeSettings.expandArguments, by: UpgradeSettings.new)
    }

    /// Creates the guests that live as long as the cluster does, and waits until each of them is up.
    func createIdleGuests() async throws {
        for number in 0..<Self.idleGuestCount {
            let client = [UpgradeSettings.old, UpgradeSettings.new][number % 2]
            guard await load.createServer(named: "idle-\(number)", by: client, number) != nil else {
                throw TestSupportError("no guest to watch: \(load.journal.problems)")
            }
        }
        guard load.hasRealGuests else { return }
        try await waitUntil(timeout: .seconds(90), pollEvery: .milliseconds(300), "the idle guests are up") {
            try await bootCounts().allSatisfy { $0.value == 1 }
        }
        let hosts = Set(load.guestProcesses.values.map(\.host))
        guard hosts.count == TestCluster.Daemon.hosts.count else {
            throw TestSupportError("the idle guests are all on \(hosts)")
        }
    }

    /// How often each idle guest's console says that it has come up.
    func bootCounts() async throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for (server, name) in idleServers {
            let console = try await cluster.succeed(["server", "console", server]).output
            counts[name] = console.ranges(of: "stator guest \(server) is up").count
        }
        return counts
    }

    /// The load, and a program that keeps its connection, until `body` has ended.
    func underLoad(seed: UInt64, _ body: () async throws -> Void) async throws {
        let load = load
        let steady = try SteadyClient(address: cluster.address(of: .api), journal: load.journal)
        let idle = idleServers.map(\.server)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await load.run(seed: seed) }
            group.addTask { try await steady.run(servers: idle) }
            defer {
                load.stop()
                steady.stop()
            }
            try await body()
        }
    }

    private var idleServers: [(server: String, name: String)] {
        load.withLedger { ledger in
            (ledger.entries[.server] ?? [:]).compactMap { server, entry in
                guard let name = entry.fields["display_name"]?.text, name.hasPrefix("idle-") else { return nil }
                return (server, name)
            }
        }
    }

    /// Restarts a daemon with a release's program, in order: SIGTERM, its end, the start, ready.
    func restart(_ daemon: TestCluster.Daemon, _ release: Programs) async throws {
        try await cluster.stop(daemon)
        try await cluster.start(daemon, release)
    }

    /// Restarts it without asking it to stop first.
    func killAndRestart(_ daemon: TestCluster.Daemon, _ release: Programs) async throws {
        try await cluster.kill9(daemon)
        try await cluster.start(daemon, release)
    }

    func allRun(_ release: Programs) -> Bool {
        TestCluster.Daemon.all.allSatisfy { cluster.release(of: $0) == release }
    }

    /// Restarts those that are not of this release yet, in the order given or that of `Daemon.all`.
    func restartAll(_ daemons: [TestCluster.Daemon] = TestCluster.Daemon.all, _ release: Programs) async throws {
        for daemon in daemons where cluster.release(of: daemon) != release { try await restart(daemon, release) }
    }

    /// `old` or `new` of each daemon, in the order of `Daemon.all`.
    var mixture: String {
        TestCluster.Daemon.all.map { "\($0.name) \(cluster.release(of: $0))" }.joined(separator: ", ")
    }

    /// The load's problems, promises that are broken with nothing under way any more, and guests that were restarted.
    func finalProblems() async throws -> [String] {
        try await cluster.waitUntilQuiet()
        load.checkProcesses()
        for client in [UpgradeSettings.old, UpgradeSettings.new] {
            for kind in Ledger.Kind.allCases {
                await load.readBack(
                    kind, by: client, seesNewFields: client == UpgradeSettings.new && allRun(UpgradeSettings.new))
            }
        }
        var problems = load.journal.problems
        // What fake guests are is known to their agents only.
        guard load.hasRealGuests else { return problems }
        for (name, count) in try await bootCounts() where count != 1 {
            problems.append("the guest of \(name) has booted \(count) times")
        }
        var broken = try await PromiseCheck(cluster: cluster).brokenPromises()
        let deadline = ContinuousClock.now.advanced(by: .seconds(20))
        // A host's view of itself follows by a moment.
        while !broken.isEmpty && ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(300))
            broken = try await PromiseCheck(cluster: cluster).brokenPromises()
        }
        return problems + broken
    }
}
