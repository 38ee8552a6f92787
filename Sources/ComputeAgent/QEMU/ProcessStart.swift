internal import Glibc

/// Starting other programs, in a session of their own, with no descriptor of ours and default signals.
struct ProcessStart {
    var program: String
    var arguments: [String]
    var folder = "/"
    /// Receives standard output and standard error.
    var output: String

    /// How a program ended, and what processor time it took.
    struct End {
        var exitStatus: Int32?
        var signal: Int32?
        var processorTime: Duration

        var isSuccess: Bool { exitStatus == 0 }

        var text: String {
            signal.map { "ended by signal \($0)" } ?? "exit status \(exitStatus ?? -1)"
        }
    }

    /// Starts the program and returns its number.
    func spawn() throws(AgentError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        guard LinuxCall.prepare(&actions, folder: folder) else {
            throw AgentError(.environment, "this system's C library cannot start \(program) in \(folder)")
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A guest must outlive the agent: what is sent to the agent's session or group is not for it. An
        // ignored or blocked signal would be inherited.
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        let flags = CShort(POSIX_SPAWN_SETSIGMASK) | CShort(POSIX_SPAWN_SETSIGDEF) | LinuxCall.spawnInOwnSession
        posix_spawnattr_setflags(&attributes, flags)

        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
        words.append(nil)
        defer { words.forEach { free($0) } }
        var processID: pid_t = 0
        let status = posix_spawnp(&processID, program, &actions, &attributes, words, environ)
        guard status == 0 else {
            throw AgentError(.environment, "cannot start \(program): \(String(cString: strerror(status)))")
        }
        return processID
    }

    /// Runs the program to its end; one that takes longer than `limit` is killed.
    func run(within limit: Duration) throws(AgentError) -> End {
        let processID = try spawn()
        let deadline = ContinuousClock.now.advanced(by: limit)
        while true {
            if let end = Self.end(of: processID) { return end }
            if ContinuousClock.now >= deadline {
                kill(processID, SIGKILL)
                while Self.end(of: processID) == nil { usleep(1000) }
                throw AgentError(.environment, "\(program) did not end within \(limit)")
            }
            usleep(2000)
        }
    }

    /// The last sentence of a program of QEMU's, `<program>: <sentence>`; warnings come before it.
    static func reason(in output: String, of program: String) -> String? {
        let name = program.split(separator: "/").last.map { "\($0): " } ?? ""
        let lines = output.split(whereSeparator: \.isNewline)
        guard let line = lines.last(where: { $0.hasPrefix(name) }) else { return lines.last.map(String.init) }
        return String(line.dropFirst(name.count))
    }

    /// How a child of ours ended; nil while it runs.
    static func end(of processID: pid_t) -> End? {
        var status: CInt = 0
        var usage = rusage()
        guard wait4(processID, &status, WNOHANG, &usage) == processID else { return nil }
        let signal = status & 0x7F
        let time =
            Duration.seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + .microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
        return End(
            exitStatus: signal == 0 ? (status >> 8) & 0xFF : nil, signal: signal == 0 ? nil : signal,
            processorTime: time)
    }
}
