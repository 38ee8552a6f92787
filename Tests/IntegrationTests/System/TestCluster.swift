import Foundation
import StatorReactor
import TestSupport

/// A whole deployment of real processes: two conductors over a PostgreSQL of its own, an API and hosts.
///
/// Everything is on loopback and in a temporary directory; processes and guests end with this object.
final class TestCluster {
    enum Driver: String {
        case fake, qemu
    }

    /// A daemon: its name is that of its certificate.
    struct Daemon: Hashable, CustomStringConvertible {
        let callerClass: String
        let name: String

        static let conductors = [Daemon(callerClass: "conductor", name: "conductor1"), conductor2]
        static let conductor2 = Daemon(callerClass: "conductor", name: "conductor2")
        static let api = Daemon(callerClass: "api", name: "api1")
        static let hosts = [
            Daemon(callerClass: "compute", name: "host1"), Daemon(callerClass: "compute", name: "host2"),
        ]
        static let all = conductors + [api] + hosts

        var description: String { name }
    }

    let postgres: TemporaryPostgres
    let database: String
    let directory: TemporaryDirectory
    private let driver: Driver
    private let imageDirectory: String
    private var ports: [Daemon: UInt16] = [:]
    private var processes: [Daemon: ChildProcess] = [:]
    /// Those that were killed; their logs are wanted when a test fails.
    private var killed: [(daemon: Daemon, process: ChildProcess)] = []

    /// Starts everything; hosts have 8 vcpus, 4,096 MB and 40 GB each.
    init(driver: Driver) async throws {
        self.driver = driver
        // Durable: without it a killed backend takes commits with it that were acknowledged.
        postgres = try TemporaryPostgres(fsync: true)
        directory = try TemporaryDirectory()
        database = try postgres.createDatabase("stator")
        imageDirectory = try driver == .fake ? TestImage.writeSmall(in: directory) : await TestImage.bootable()
        for daemon in Daemon.conductors + [.api] { ports[daemon] = try Self.freePort() }
        try await migrate()
        for daemon in Daemon.all { try await start(daemon) }
        try await waitUntil(timeout: .seconds(30), "both hosts are up") {
            try await hosts().count { $0.up == true } == Daemon.hosts.count
        }
        try await succeed(["flavor", "create", "tiny", "--vcpus", "1", "--memory-mb", "128", "--root-gb", "1"])
    }

    deinit {
        // Hosts first: nobody else knows of their guests.
        for daemon in Daemon.all.reversed() { processes[daemon]?.kill9() }
        for guest in guests() { kill(guest.processID, SIGKILL) }
    }

    // MARK: daemons

    /// Starts a daemon that doesn't run, and waits until it serves.
    func start(_ daemon: Daemon) async throws {
        let process = try launch(daemon)
        // A host that was restarted under load first looks at every guest that it had.
        try await process.waitForOutput(" ready", timeout: .seconds(60))
    }

    /// Starts a daemon without waiting for it.
    @discardableResult
    func launch(_ daemon: Daemon) throws -> ChildProcess {
        let tls = try TestCertificates.tls(class: daemon.callerClass, name: daemon.name)
        let process = try ChildProcess(
            built: "stator-\(daemon.callerClass)",
            arguments: ["serve"] + arguments(of: daemon) + [
                "--certificate", tls.certificateChainPath, "--private-key", tls.privateKeyPath,
                "--ca", tls.trustRootsPath,
            ])
        processes[daemon] = process
        return process
    }

    /// Ends a daemon without giving it a chance to do anything.
    func kill9(_ daemon: Daemon) async throws {
        guard let process = processes.removeValue(forKey: daemon) else { return }
        process.kill9()
        try await process.wait()
        killed.append((daemon, process))
    }

    /// Writes the logs of all daemons, also of those that were killed, to a folder that stays; returns its path.
    func saveLogs() throws -> String {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("stator-logs-\(directory.url.lastPathComponent)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (daemon, process) in killed + Daemon.all.compactMap({ daemon in processes[daemon].map { (daemon, $0) } }) {
            let file = folder.appendingPathComponent("\(daemon)-\(process.processID).log")
            try Data(process.errorOutput.utf8).write(to: file)
        }
        return folder.path
    }

    /// Kills one of the processes with which PostgreSQL serves the conductors; false when there is none just now.
    func killDatabaseBackend(choice: Int) throws -> Bool {
        let sql = "SELECT pid FROM pg_stat_activity WHERE datname = 'stator' ORDER BY pid"
        // PostgreSQL may be recovering from the last one.
        let backends = ((try? postgres.query(sql)) ?? []).compactMap { Int32($0) }
        guard !backends.isEmpty else { return false }
        try? postgres.killBackend(backends[choice % backends.count])
        return true
    }

    /// Columns of one query's rows, separated by `|`.
    func query(_ sql: String) throws -> [String] {
        try postgres.query(sql, database: "stator")
    }

    /// Where a conductor or the API listens.
    func address(of daemon: Daemon) -> String {
        "127.0.0.1:\(ports[daemon] ?? 0)"
    }

    func stateDirectory(of host: Daemon) -> String {
        directory.file(host.name)
    }

    /// The guests that run on the hosts of this cluster.
    func guests() -> [QEMUProcess] {
        QEMUProcess.running(below: directory.path)
    }

    private func arguments(of daemon: Daemon) -> [String] {
        let conductors = Daemon.conductors.flatMap { ["--conductor", address(of: $0)] }
        let listen = ["--listen", address(of: daemon)]
        switch daemon.callerClass {
        case "conductor": return listen + ["--database", database]
        case "api": return listen + conductors
        default:
            return conductors + [
                "--driver", driver.rawValue, "--state-directory", stateDirectory(of: daemon),
                "--image-directory", imageDirectory, "--vcpus", "8", "--memory-mb", "4096", "--disk-gb", "40",
            ]
        }
    }

    private func migrate() async throws {
        let result = try await ChildProcess.run(
            ChildProcess.builtExecutable("stator-conductor"), ["migrate", "--database", database])
        guard result.exit == .status(0) else { throw TestSupportError("migrate failed: \(result.errorOutput)") }
    }

    /// A port that nobody listens at; a daemon that is restarted must come back at the same one.
    private static func freePort() throws -> UInt16 {
        let socket = try ListeningSocket(bindingTo: SocketAddress(parsing: "127.0.0.1:0"), backlog: 1)
        guard let port = socket.localAddress.port else { throw TestSupportError("a socket without a port") }
        return port
    }
}
