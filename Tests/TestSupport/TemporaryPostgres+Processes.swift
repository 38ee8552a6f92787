import Glibc

/// The shell that holds a server: when its standard input ends, it kills the server and removes the directory.
final class Keeper {
    private static let script = """
        directory=$1; shift
        "$@" </dev/null >>"$directory/log" 2>&1 &
        server=$!
        read -r order
        kill -QUIT $server
        wait $server
        test "$order" = keep || rm -rf "$directory"
        """

    private let processID: pid_t
    private let input: CInt
    private var isReaped = false

    init(serverCommand: [String], directory: String) throws {
        let ends = try Subprocess.makePipe()
        input = ends[1]
        defer { close(ends[0]) }
        processID = try Subprocess.spawn(
            ["/bin/sh", "-c", Self.script, "postgres-keeper", directory] + serverCommand,
            input: ends[0], output: nil, workingDirectory: directory)
    }

    deinit {
        close(input)
        reap()
    }

    var hasEnded: Bool {
        guard !isReaped else { return true }
        isReaped = waitpid(processID, nil, WNOHANG) == processID
        return isReaped
    }

    /// Ends the server but keeps its data.
    func endKeepingData() {
        let order = Array("keep\n".utf8)
        _ = order.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
        reap()
    }

    private func reap() {
        guard !isReaped else { return }
        isReaped = waitpid(processID, nil, 0) == processID
    }
}

/// Runs short commands to their end.
enum Subprocess {
    static func run(_ command: [String], workingDirectory: String) throws -> (status: CInt, text: String) {
        let ends = try Subprocess.makePipe()
        let processID: pid_t
        do {
            defer { close(ends[1]) }
            processID = try spawn(command, input: nil, output: ends[1], workingDirectory: workingDirectory)
        }
        let text = String(decoding: readAll(ends[0]), as: UTF8.self)
        close(ends[0])
        var status: CInt = 0
        while waitpid(processID, &status, 0) < 0 && errno == EINTR {}
        return (status, text)
    }

    /// Two connected ends that no child inherits; sockets, since a pipe cannot be made so in one step from Swift.
    static func makePipe() throws -> [CInt] {
        var ends: [CInt] = [-1, -1]
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw TemporaryPostgresError("cannot make a pipe", errno)
        }
        return ends
    }

    static func readAll(_ descriptor: CInt) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        var count = read(descriptor, &buffer, buffer.count)
        while count > 0 || (count < 0 && errno == EINTR) {
            bytes.append(contentsOf: buffer.prefix(max(0, count)))
            count = read(descriptor, &buffer, buffer.count)
        }
        return bytes
    }

    /// Starts a program found on the path; without an input it reads nothing, without an output it writes to nowhere.
    static func spawn(_ command: [String], input: CInt?, output: CInt?, workingDirectory: String) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        if let output {
            posix_spawn_file_actions_adddup2(&actions, output, 1)
            posix_spawn_file_actions_adddup2(&actions, output, 2)
        } else {
            posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
            posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        }
        // A process group of its own: an interrupt from the terminal is for the tests, which end this in their way.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Threads of the concurrency runtime block signals, which a child would inherit: a shell then waits for ever.
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        // The server's user may not read the directory that the tests were started in.
        let command = ["env", "-C", workingDirectory] + command
        var arguments = command.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var processID: pid_t = 0
        let code = posix_spawnp(&processID, command[0], &actions, &attributes, &arguments, environ)
        guard code == 0 else { throw TemporaryPostgresError("cannot start \(command[0])", code) }
        return processID
    }
}
