internal import Glibc

/// A process as it cannot be mistaken for a later one with the same number.
package struct ProcessIdentity: Hashable, Codable, Sendable {
    package var processID: Int32
    /// Clock ticks from the machine's start to the process's.
    package var startTime: UInt64
    /// Which start of the machine that counts from.
    package var bootID: String

    package init(processID: Int32, startTime: UInt64, bootID: String) {
        self.processID = processID
        self.startTime = startTime
        self.bootID = bootID
    }

    /// The process that has this number now; nil when none has, or when it is dead but not yet reaped.
    package init?(running processID: Int32) {
        guard processID > 0, let status = ProcessTable.status(of: processID), !status.isDead else { return nil }
        self.init(processID: processID, startTime: status.startTime, bootID: ProcessTable.bootID)
    }

    package var isAlive: Bool { ProcessIdentity(running: processID) == self }

    /// Kills the process and waits until it is gone; true when it is.
    func kill(within limit: Duration) -> Bool {
        guard isAlive else { return true }
        Glibc.kill(processID, SIGKILL)
        return hasEnded(within: limit)
    }

    /// Waits until the process is gone.
    func hasEnded(within limit: Duration) -> Bool {
        let deadline = ContinuousClock.now.advanced(by: limit)
        while isAlive {
            guard ContinuousClock.now < deadline else { return false }
            usleep(10_000)
        }
        reap()
        return true
    }

    /// Takes a dead child off the process table. It may be another's child after a restart: then init reaps it.
    ///
    /// Its number may be a later process's: only a zombie of the recorded start, and our own, is waited for.
    func reap() {
        guard bootID == ProcessTable.bootID, let dead = ProcessTable.status(of: processID), dead.state == "Z",
            dead.startTime == startTime, dead.parent == getpid()
        else { return }
        var status: CInt = 0
        waitpid(processID, &status, WNOHANG)
    }
}

/// What /proc tells.
enum ProcessTable {
    struct Status {
        var state: Character
        var parent: Int32
        var threadCount: Int
        var startTime: UInt64

        /// A zombie runs no guest; but while others of its threads are still ending it holds its files.
        var isDead: Bool { "ZXx".contains(state) && threadCount <= 1 }
    }

    static let bootID = (text("/proc/sys/kernel/random/boot_id") ?? "").filter { !$0.isWhitespace }

    static func status(of processID: Int32) -> Status? {
        text("/proc/\(processID)/stat").flatMap(parse)
    }

    /// The second field is the program's name in parentheses, which may hold anything, parentheses too.
    static func parse(_ text: String) -> Status? {
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let state = fields[0].first, let parent = Int32(fields[1]),
            let threadCount = Int(fields[17]), let startTime = UInt64(fields[19])
        else { return nil }
        return Status(state: state, parent: parent, threadCount: threadCount, startTime: startTime)
    }

    static func arguments(of processID: Int32) -> [String] {
        (text("/proc/\(processID)/cmdline") ?? "").split(separator: "\0").map(String.init)
    }

    /// All processes whose arguments fit.
    static func processes(where fits: (_ arguments: [String]) -> Bool) -> [Int32] {
        guard let names = try? DurableFile.names(in: "/proc") else { return [] }
        return names.compactMap { Int32($0) }.filter { fits(arguments(of: $0)) }
    }

    /// Files in /proc have no size: they are read to their end.
    private static func text(_ path: String) -> String? {
        guard let file = try? FileDescriptor.open(path, O_RDONLY) else { return nil }
        var bytes: [UInt8] = []
        while bytes.count < 1 << 20 {
            guard let part = try? file.read(at: bytes.count, length: 16384) else { return nil }
            bytes += part
            if part.isEmpty { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
