internal import Foundation

/// A process started by a test, and ended with it.
///
/// What it writes goes to a file, so that it never waits for a reader and the last words of a killed process are kept.
package final class ChildProcess: Sendable {
    /// How a process ended.
    package enum Exit: Hashable, Sendable, CustomStringConvertible {
        case status(Int32)
        case signal(Int32)

        package var description: String {
            switch self {
            case .status(let status): "exit status \(status)"
            case .signal(let signal): "signal \(signal)"
            }
        }
    }

    package let name: String
    package let processID: Int32
    private let directory: TemporaryDirectory
    private let lock = NSLock()
    /// Guarded by `lock`: once the process is reaped, its number may become another's and must not be used.
    nonisolated(unsafe) private var exit: Exit?

    /// Starts a program; without an environment, with the test's own.
    package init(
        executable: String, arguments: [String] = [], environment: [String: String]? = nil,
        workingDirectory: String? = nil
    ) throws {
        name = (executable as NSString).lastPathComponent
        directory = try TemporaryDirectory()
        let variables = environment ?? ProcessInfo.processInfo.environment
        // `env` changes the directory and then becomes the program.
        let prefix = workingDirectory.map { ["/usr/bin/env", "-C", $0] } ?? []
        processID = try ChildProcess.spawn(
            prefix + [executable] + arguments, variables.map { "\($0.key)=\($0.value)" },
            outputPath: directory.file("output"), errorPath: directory.file("error"))
    }

    /// Starts one of the package's own executables, as built beside the running tests.
    package convenience init(
        built name: String, arguments: [String] = [], environment: [String: String]? = nil,
        workingDirectory: String? = nil
    ) throws {
        try self.init(
            executable: ChildProcess.builtExecutable(name), arguments: arguments, environment: environment,
            workingDirectory: workingDirectory)
    }

    deinit {
        signal(SIGKILL)
        var status: Int32 = 0
        if exit == nil {
            waitpid(processID, &status, 0)
        }
    }

    /// The path of an executable of the package.
    package static func builtExecutable(_ name: String) throws -> String {
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        // The tests' own program lies among the executables, or in a bundle that does.
        let folders = [tests.deletingLastPathComponent(), bundleFolder()].compactMap { $0 }
        for folder in folders {
            let path = folder.appendingPathComponent(name).path
            if FileManager.default.isExecutableFile(atPath: path) {
                return path
            }
        }
        throw TestSupportError("no executable \(name) in \(folders.map(\.path)); is it built?")
    }

    /// Runs a program to its end.
    package static func run(
        _ executable: String, _ arguments: [String] = [], environment: [String: String]? = nil,
        timeout: Duration = .seconds(60)
    ) async throws -> (exit: Exit, output: String, errorOutput: String) {
        let process = try ChildProcess(executable: executable, arguments: arguments, environment: environment)
        let exit = try await process.wait(timeout: timeout)
        return (exit, process.output, process.errorOutput)
    }

    /// What it has written to standard output so far.
    package var output: String {
        text(of: "output")
    }

    /// What it has written to standard error so far; logs are there.
    package var errorOutput: String {
        text(of: "error")
    }

    package var isRunning: Bool {
        poll() == nil
    }

    /// How it ended; nil while it runs.
    @discardableResult
    package func poll() -> Exit? {
        lock.withLock {
            if let exit {
                return exit
            }
            var status: Int32 = 0
            guard waitpid(processID, &status, WNOHANG) == processID else {
                return nil
            }
            let number = status & 0x7f
            exit = number == 0 ? .status((status >> 8) & 0xff) : .signal(number)
            return exit
        }
    }

    /// Sends a signal, unless the process has ended.
    package func signal(_ number: Int32) {
        poll()
        lock.withLock {
            if exit == nil {
                kill(processID, number)
            }
        }
    }

    /// Asks it to stop.
    package func terminate() {
        signal(SIGTERM)
    }

    /// Ends it without giving it a chance to do anything.
    package func kill9() {
        signal(SIGKILL)
    }

    /// Waits until it has ended.
    @discardableResult
    package func wait(timeout: Duration = .seconds(30)) async throws -> Exit {
        try await waitUntil(timeout: timeout, "\(name) (process \(processID)) ends") { poll() != nil }
        guard let exit = poll() else {
            throw TestSupportError("\(name) has not ended")
        }
        return exit
    }

    /// Waits on the calling thread until it has ended.
    func waitBlocking() -> Exit {
        var exit = poll()
        while exit == nil {
            usleep(2000)
            exit = poll()
        }
        return exit ?? .status(0)
    }

    /// Waits until a line of its output or its log contains the text; throws at once when it ends before.
    package func waitForOutput(_ text: String, timeout: Duration = .seconds(30)) async throws {
        do {
            try await waitUntil(timeout: timeout, "\(name) says '\(text)'") {
                let hasEnded = poll() != nil
                if output.contains(text) || errorOutput.contains(text) {
                    return true
                }
                if hasEnded {
                    throw TestSupportError("\(name) ended (\(poll()?.description ?? "")) before it said '\(text)'")
                }
                return false
            }
        } catch let error as TestSupportError {
            throw TestSupportError("\(error.description); its log:\n\(errorOutput.suffix(4000))")
        }
    }

    private func text(of file: String) -> String {
        let data = FileManager.default.contents(atPath: directory.file(file)) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }

    /// The folder in which the tests' bundle lies, when a runner outside of it has loaded it.
    private static func bundleFolder() -> URL? {
        let bundle = ProcessInfo.processInfo.arguments.first { $0.hasSuffix(".xctest") }
        return bundle.map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().deletingLastPathComponent() }
    }

    private static func spawn(
        _ arguments: [String], _ variables: [String], outputPath: String, errorPath: String
    ) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        // The test runner may have changed these; a program expects the system's own.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGPIPE, SIGTERM, SIGINT, SIGHUP] {
            sigaddset(&signals, signal)
        }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var argumentPointers = arguments.map { strdup($0) } + [nil]
        var variablePointers = variables.map { strdup($0) } + [nil]
        defer {
            for pointer in argumentPointers + variablePointers {
                free(pointer)
            }
        }
        var processID: pid_t = 0
        let code = posix_spawn(
            &processID, arguments[0], &actions, &attributes, &argumentPointers, &variablePointers)
        guard code == 0 else {
            throw TestSupportError("cannot start \(arguments[0]): \(String(cString: strerror(code)))")
        }
        return processID
    }
}
