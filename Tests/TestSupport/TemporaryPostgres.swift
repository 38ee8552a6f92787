import Glibc

/// A PostgreSQL of the test's own, in a temporary directory, reached by a unix socket there and by nothing else.
///
/// It ends, and its directory goes, when this object does or when the process dies, however it dies: a shell that
/// waits for the end of a pipe sees to it. As root it runs as the user `postgres`, since PostgreSQL refuses root.
package final class TemporaryPostgres: @unchecked Sendable {
    /// The one that tests share which neither kill nor restart it.
    package static func shared() throws -> TemporaryPostgres {
        try sharedServer.get()
    }

    private static let sharedServer = Result { try TemporaryPostgres() }
    private static let user = "stator"
    private static let startTimeoutMilliseconds = 60_000

    private let directory: String
    private let binaries: String
    private let settings: [String: String]
    private var keeper: Keeper?
    private var databaseCount = 0
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    /// Makes a cluster and starts its server; `fsync` only where a test is about what survives a crash of the machine.
    package init(fsync: Bool = false, settings: [String: String] = [:]) throws {
        binaries = try Self.findBinaries()
        var template = Array("\(Self.temporaryDirectory())/stator-pg-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TemporaryPostgresError("cannot make a directory", errno) }
        directory = template.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { String(cString: $0) } ?? ""
        }
        var all = ["shared_buffers": "32MB", "max_connections": "200", "listen_addresses": "", "log_timezone": "UTC"]
        if !fsync {
            all.merge(["fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"]) { $1 }
        }
        self.settings = all.merging(settings) { $1 }
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        try makeCluster()
        try start()
    }

    deinit {
        // Its end removes the directory, unless the server was stopped before.
        if keeper == nil {
            _ = try? Subprocess.run(["rm", "-rf", directory], workingDirectory: "/")
        }
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Connects to the database `postgres`.
    package var connectionString: String { connectionString(database: "postgres") }

    package func connectionString(database: String) -> String {
        "host=\(directory) user=\(Self.user) dbname=\(database)"
    }

    /// Makes an empty database and says how to connect to it; without a name it gets one of its own.
    package func createDatabase(_ name: String? = nil) throws -> String {
        let database = name ?? nextDatabaseName()
        _ = try query("CREATE DATABASE \(database)")
        return connectionString(database: database)
    }

    /// Runs SQL by psql and returns its lines, columns separated by `|`.
    @discardableResult
    package func query(_ sql: String, database: String = "postgres") throws -> [String] {
        let arguments = ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", directory, "-U", Self.user]
        let output = try run(["\(binaries)/psql"] + arguments + ["-d", database, "-c", sql])
        return output.split(separator: "\n").map(String.init)
    }

    /// Kills one of this server's processes without a word; the server restarts the others and recovers.
    package func killBackend(_ processID: Int32) throws {
        guard try Self.parent(of: processID) == serverProcessID() else {
            throw TemporaryPostgresError("process \(processID) is none of this server's")
        }
        guard kill(processID, SIGKILL) == 0 else { throw TemporaryPostgresError("cannot kill \(processID)", errno) }
    }

    /// Stops the server as a crash would (without a checkpoint), and waits until it has ended.
    package func stop() {
        keeper?.endKeepingData()
        keeper = nil
    }

    /// Starts a stopped server again over the same data.
    package func start() throws {
        guard keeper == nil else { return }
        keeper = try Keeper(
            serverCommand: asServerUser(
                ["\(binaries)/postgres", "-D", "\(directory)/data", "-k", directory] + options),
            directory: directory)
        var waited = 0
        while try !isReady() {
            guard waited < Self.startTimeoutMilliseconds, keeper?.hasEnded == false else {
                let log = (try? String(decoding: Self.readFile("\(directory)/log"), as: UTF8.self)) ?? ""
                throw TemporaryPostgresError("the server did not start: \(log)")
            }
            usleep(10_000)
            waited += 10
        }
    }

    package func restart() throws {
        stop()
        try start()
    }

    private var options: [String] {
        settings.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
    }

    private func nextDatabaseName() -> String {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        databaseCount += 1
        return "test_\(databaseCount)"
    }

    private func makeCluster() throws {
        if let account = Self.serverAccount() {
            guard chown(directory, account.user, account.group) == 0 else {
                throw TemporaryPostgresError("cannot give \(directory) away", errno)
            }
        }
        let initialize = [
            "\(binaries)/initdb", "-D", "\(directory)/data", "-U", Self.user, "--auth=trust", "--encoding=UTF8",
            "--locale=C", "--no-sync",
        ]
        _ = try run(asServerUser(initialize))
    }

    /// The server writes its state into the eighth line of its lock file.
    private func isReady() throws -> Bool {
        guard let file = try? Self.readFile("\(directory)/data/postmaster.pid") else { return false }
        let lines = String(decoding: file, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        return lines.count >= 8 && lines[7].hasPrefix("ready")
    }

    private func serverProcessID() throws -> Int32 {
        let file = String(decoding: try Self.readFile("\(directory)/data/postmaster.pid"), as: UTF8.self)
        guard let line = file.split(separator: "\n").first, let processID = Int32(line) else {
            throw TemporaryPostgresError("the server does not run")
        }
        return processID
    }

    private func asServerUser(_ command: [String]) -> [String] {
        guard Self.serverAccount() != nil else { return command }
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] + command
    }

    private func run(_ command: [String]) throws -> String {
        let output = try Subprocess.run(command, workingDirectory: directory)
        guard output.status == 0 else {
            throw TemporaryPostgresError("\(command[0]) failed: \(output.text)")
        }
        return output.text
    }
}

extension TemporaryPostgres {
    /// Whom the server runs as; nil: the caller.
    private static func serverAccount() -> (user: uid_t, group: gid_t)? {
        guard geteuid() == 0, let entry = getpwnam("postgres") else { return nil }
        return (entry.pointee.pw_uid, entry.pointee.pw_gid)
    }

    private static func temporaryDirectory() -> String {
        guard let text = getenv("TMPDIR"), strlen(text) > 0, strlen(text) < 60 else { return "/tmp" }
        return String(cString: text)
    }

    /// Debian keeps each major version in a folder of its own; the newest is taken.
    private static func findBinaries() throws -> String {
        let root = "/usr/lib/postgresql"
        guard let folder = opendir(root) else { throw TemporaryPostgresError("PostgreSQL is not installed") }
        defer { closedir(folder) }
        var versions: [Int] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let version = Int(name), access("\(root)/\(version)/bin/initdb", X_OK) == 0 {
                versions.append(version)
            }
        }
        guard let newest = versions.max() else { throw TemporaryPostgresError("PostgreSQL is not installed") }
        return "\(root)/\(newest)/bin"
    }

    private static func parent(of processID: Int32) throws -> Int32 {
        let text = String(decoding: try readFile("/proc/\(processID)/stat"), as: UTF8.self)
        // The command may contain anything, so fields are counted from its closing bracket.
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 1, let parent = Int32(fields[1]) else {
            throw TemporaryPostgresError("no process \(processID)")
        }
        return parent
    }

    private static func readFile(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw TemporaryPostgresError("cannot open \(path)", errno) }
        defer { close(descriptor) }
        return Subprocess.readAll(descriptor)
    }
}

package struct TemporaryPostgresError: Error, CustomStringConvertible {
    package let description: String

    init(_ message: String, _ code: Int32? = nil) {
        description = code.map { "\(message): \(String(cString: strerror($0)))" } ?? message
    }
}
