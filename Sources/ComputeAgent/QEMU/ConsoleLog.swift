internal import Glibc

/// A file that QEMU appends a guest's output to, and of which only the newest part is kept.
///
/// QEMU writes with O_APPEND and knows nothing of the bound. Old bytes are given back to the file system by
/// punching a hole, so that nothing which is written meanwhile is lost; where the file system cannot do that, the
/// newest part is copied to a second file and the first is emptied.
struct ConsoleLog {
    /// What is kept at least, once so much was written.
    static let keptLength = 1 << 20
    /// The file is trimmed when it occupies so much more.
    static let slack = 256 << 10

    var path: String
    private var previousPath: String { path + ".1" }

    init(path: String) {
        self.path = path
    }

    /// The newest `lengthMax` bytes.
    func tail(lengthMax: Int) throws(AgentError) -> [UInt8] {
        let wanted = min(max(0, lengthMax), Self.keptLength)
        let current = try Self.tail(of: path, lengthMax: wanted)
        guard current.count < wanted else { return current }
        return try Self.tail(of: previousPath, lengthMax: wanted - current.count) + current
    }

    /// Gives back what is above the bound.
    func trim() throws(AgentError) {
        guard access(path, F_OK) == 0 else { return }
        let file = try FileDescriptor.open(path, O_RDWR)
        let status = try file.status()
        // In blocks of 512 bytes: what the file really occupies.
        guard status.st_blocks * 512 > Self.keptLength + Self.slack else { return }
        let end = status.st_size - Self.keptLength
        if end <= 0 || !LinuxCall.punchHole(file.raw, below: end) {
            let kept = try Self.tail(of: path, lengthMax: Self.keptLength)
            let previous = try FileDescriptor.open(previousPath, O_WRONLY | O_CREAT | O_TRUNC)
            try previous.write(kept)
            try file.truncate(to: 0)
        }
    }

    /// Cuts a file of QEMU's own messages that has grown beyond use.
    static func empty(_ path: String, above length: Int) {
        guard let file = try? FileDescriptor.open(path, O_WRONLY), let status = try? file.status(),
            status.st_size > length
        else { return }
        try? file.truncate(to: 0)
    }

    private static func tail(of path: String, lengthMax: Int) throws(AgentError) -> [UInt8] {
        guard access(path, F_OK) == 0 else { return [] }
        let file = try FileDescriptor.open(path, O_RDONLY)
        let length = try file.status().st_size
        let wanted = min(length, lengthMax)
        return try file.read(at: length - wanted, length: wanted)
    }
}
