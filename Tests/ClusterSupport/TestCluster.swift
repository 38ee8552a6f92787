internal import Foundation
internal import StatorReactor
package import TestSupport

/// A whole deployment of real processes: two conductors over a PostgreSQL of its own, an API and hosts.
///
/// Everything is on loopback and in a temporary directory; processes and guests end with this object. Each daemon may
/// be of another release; without saying, all are the work tree's.
package final class TestCluster {
    package enum Driver: String, Sendable {
        case fake, qemu
    }

    package let postgres: TemporaryPostgres
    package let database: String
    package let directory: TemporaryDirectory
    private let driver: Driver
    private let options: [String]
    private let hostOptions: [String]
    private let imageDirectory: String
    private var ports: [Daemon: UInt16] = [:]
    private var programs: [Daemon: Programs] = [:]
    private var processes: [Daemon: ChildProcess] = [:]
    /// Those that have ended of late; their logs are wanted when a test fails.
    private var ended: [(daemon: Daemon, process: ChildProcess)] = [] {
        didSet { if ended.count > Self.endedCountMax { ended.removeFirst() } }
    }

    private static let endedCountMax = 60

    /// Starts everything; hosts have 8 vcpus, 4,096 MB and 40 GB each.
    ///
    /// `options` are further arguments of all daemons, `hostOptions` of the hosts.
    package init(
        driver: Driver, programs initial: Programs = .built, options: [String] = [], hostOptions: [String] = []
    ) async throws {
        self.driver = driver
        self.options = options
        self.hostOptions = hostOptions
        // Durable: without it a killed backend takes commits with it that were acknowledged.
        postgres = try TemporaryPostgres(fsync: true)
        directory = try TemporaryDirectory()
        database = try postgres.createDatabase("stator")
        imageDirectory = try driver == .fake ? TestImage.writeSmall(in: directory) : await TestImage.bootable()
        for daemon in Daemon.conductors + [.api] { ports[daemon] = try Self.freePort() }
        for daemon in Daemon.all { programs[daemon] = initial }
        try await migrate([], by: initial)
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

    /// Starts a daemon that doesn't run, of its last release or another, and waits until it serves.
    package func start(_ daemon: Daemon, _ release: Programs? = nil) async throws {
        if let release { programs[daemon] = release }
        let process = try launch(daemon)
        // A host that was restarted under load first looks at every guest that it had.
        try await process.waitForOutput(" ready", timeout: .seconds(60))
    }

    /// Starts a daemon and ends it without a word after a while, whatever it does just then.
    package func start(_ daemon: Daemon, release: Programs, endedAfter pause: Duration) async throws {
        programs[daemon] = release
        try launch(daemon)
        try await Task.sleep(for: pause)
        try await kill9(daemon)
    }

    /// Starts a daemon without waiting for it.
    @discardableResult
    package func launch(_ daemon: Daemon) throws -> ChildProcess {
        let tls = try TestCertificates.tls(class: daemon.callerClass, name: daemon.name)
        let process = try ChildProcess(
            executable: release(of: daemon).path(of: daemon.program),
            arguments: ["serve"] + arguments(of: daemon) + options + [
                "--certificate", tls.certificateChainPath, "--private-key", tls.privateKeyPath,
                "--ca", tls.trustRootsPath,
            ])
        processes[daemon] = process
        return process
    }

    /// Asks a daemon to stop, and waits until it has.
    package func stop(_ daemon: Daemon) async throws {
        guard let process = processes.removeValue(forKey: daemon) else { return }
        process.terminate()
        ended.append((daemon, process))
        let exit = try await process.wait(timeout: .seconds(60))
        guard exit == .status(0) else {
            throw TestSupportError(
                "\(daemon) was asked to stop and ended with \(exit): \(process.errorOutput.suffix(500))")
        }
    }

    /// Ends a daemon without giving it a chance to do anything.
    package func kill9(_ daemon: Daemon) async throws {
        guard let process = processes.removeValue(forKey: daemon) else { return }
        process.kill9()
        try await process.wait()
        ended.append((daemon, process))
    }

    /// Which release a daemon is of, now or when it is started again.
    package func release(of daemon: Daemon) -> Programs {
        programs[daemon] ?? .built
    }

    /// What a daemon that runs has logged since it was started.
    package func log(of daemon: Daemon) -> String {
        processes[daemon]?.errorOutput ?? ""
    }

    /// Writes the logs of all daemons, also of those that have ended, to a folder that stays; returns its path.
    package func saveLogs() throws -> String {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("stator-logs-\(directory.url.lastPathComponent)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (daemon, process) in ended + Daemon.all.compactMap({ daemon in processes[daemon].map { (daemon, $0) } }) {
            let file = folder.appendingPathComponent("\(daemon)-\(process.processID).log")
            try Data(process.errorOutput.utf8).write(to: file)
        }
        return folder.path
    }

    // MARK: database

    /// Runs `stator-conductor migrate` of a release, which has to succeed; returns what it printed.
    @discardableResult
    package func migrate(_ arguments: [String], by release: Programs) async throws -> String {
        let result = try await runMigrate(arguments, by: release)
        guard result.exit == .status(0) else {
            throw TestSupportError("migrate of \(release) ended with \(result.exit): \(result.errorOutput)")
        }
        return result.output
    }

    /// Runs `stator-conductor migrate` of a release.
    package func runMigrate(_ arguments: [String], by release: Programs) async throws -> CommandResult {
        let command = ["migrate"] + arguments + ["--database", database]
        let result = try await ChildProcess.run(release.path(of: "stator-conductor"), command)
        return CommandResult(
            command: command, exit: result.exit, output: result.output, errorOutput: result.errorOutput)
    }

    /// Kills one of the processes with which PostgreSQL serves the conductors; false when there is none just now.
    package func killDatabaseBackend(choice: Int) throws -> Bool {
        let sql = "SELECT pid FROM pg_stat_activity WHERE datname = 'stator' ORDER BY pid"
        // PostgreSQL may be recovering from the last one.
        let backends = ((try? postgres.query(sql)) ?? []).compactMap { Int32($0) }
        guard !backends.isEmpty else { return false }
        try? postgres.killBackend(backends[choice % backends.count])
        return true
    }

    /// Columns of one query's rows, separated by `|`.
    package func query(_ sql: String) throws -> [String] {
        try postgres.query(sql, database: "stator")
    }

    // MARK: places

    /// Where a conductor or the API listens.
    package func address(of daemon: Daemon) -> String {
        "127.0.0.1:\(ports[daemon] ?? 0)"
    }

    package func stateDirectory(of host: Daemon) -> String {
        directory.file(host.name)
    }

    /// The guests that run on the hosts of this cluster.
    package func guests() -> [QEMUProcess] {
        QEMUProcess.running(below: directory.path)
    }

    private func arguments(of daemon: Daemon) -> [String] {
        let conductors = Daemon.conductors.flatMap { ["--conductor", address(of: $0)] }
        let listen = ["--listen", address(of: daemon)]
        switch daemon.callerClass {
        case "conductor": return listen + ["--database", database]
        case "api": return listen + conductors
        default:
            return conductors + hostOptions + [
                "--driver", driver.rawValue, "--state-directory", stateDirectory(of: daemon),
                "--image-directory", imageDirectory, "--vcpus", "8", "--memory-mb", "4096", "--disk-gb", "40",
            ]
        }
    }

    /// A port that nobody listens at; a daemon that is restarted must come back at the same one.
    private static func freePort() throws -> UInt16 {
        let socket = try ListeningSocket(bindingTo: SocketAddress(parsing: "127.0.0.1:0"), backlog: 1)
        guard let port = socket.localAddress.port else { throw TestSupportError("a socket without a port") }
        return port
    }
}
