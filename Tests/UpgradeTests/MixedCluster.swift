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
            driver: driver, programs: UpgradeSettings.old, options: ["--log-level", "debug"],
            // A guest that boots does not hear the power button yet.
            hostOptions: ["--acpi-timeout", "1"])
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

    /// What a user handed to a guest reaches it, also when another release began it anew: each says so on its console.
    private func missingUserData() async throws -> [String] {
        var missing: [String] = []
        for (server, words) in load.userData {
            do {
                try await waitUntil(timeout: .seconds(30), pollEvery: .milliseconds(300), "it is on the console") {
                    try await cluster.succeed(["server", "console", server]).output.contains(words)
                }
            } catch {
                missing.append("the guest of server \(server) never had its user data '\(words)': \(error)")
            }
        }
        return missing
    }

    /// The names of idle servers whose guests are others than they were at first.
    func restartedGuests() async throws -> [String] {
        guard load.hasRealGuests else { return [] }
        return try await bootCounts().filter { $0.value != 1 }.map { "\($0.key), booted \($0.value) times" }.sorted()
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
        load.isGoingBack = release == UpgradeSettings.old
        try await cluster.stop(daemon)
        try await cluster.start(daemon, release)
    }

    /// Restarts it without asking it to stop first.
    func killAndRestart(_ daemon: TestCluster.Daemon, _ release: Programs) async throws {
        load.isGoingBack = release == UpgradeSettings.old
        try await cluster.kill9(daemon)
        try await cluster.start(daemon, release)
    }

    /// Restarts those that are not of this release yet.
    func restartAll(_ release: Programs) async throws {
        for daemon in TestCluster.Daemon.all where cluster.release(of: daemon) != release {
            try await restart(daemon, release)
        }
    }

    /// `old` or `new` of each daemon, in the order of `Daemon.all`.
    var mixture: String {
        TestCluster.Daemon.all.map { "\($0.name) \(cluster.release(of: $0))" }.joined(separator: ", ")
    }

    /// Moves the rows that the older release has written to their new place; `mayBeIncomplete` while that still writes.
    func moveOnline(mayBeIncomplete: Bool) async throws {
        guard !UpgradeSettings.isSameRelease else { return }
        let result = try await cluster.runMigrate(["--online"], by: UpgradeSettings.new)
        guard result.exit == .status(0) || mayBeIncomplete && result.exit == .status(1) else {
            throw TestSupportError("migrate --online with \(mixture): \(result.exit), \(result.errorOutput)")
        }
    }

    /// Takes away what only the older release needs, and looks at everything once more.
    func contract() async throws {
        guard !UpgradeSettings.isSameRelease else { return }
        try await moveOnline(mayBeIncomplete: false)
        try await cluster.migrate(["--contract"], by: UpgradeSettings.new)
        await load.readEverythingBack()
    }

    /// Brings everything to the newer release and to rest, and lets servers go on that were left paused.
    ///
    /// Returns the load's problems, what was acknowledged and is not there, broken promises, and guests that were restarted.
    func finalProblems() async throws -> [String] {
        try await restartAll(UpgradeSettings.new)
        try await cluster.waitUntilQuiet()
        await load.readEverythingBack()
        await load.unpauseAll()
        load.checkProcesses()
        var problems = load.journal.problems
        // What fake guests are is known to their agents only.
        guard load.hasRealGuests else { return problems }
        problems += try await missingUserData()
        problems += try await restartedGuests().map { "a guest has restarted: \($0)" }
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
