internal import Glibc

/// Notes every execution in a file, so that it is known also of a process that was killed.
package final class ExecutionLog: Sendable {
    private let descriptor: CInt

    /// Several processes may write to the same file.
    package init(path: String) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ExecutionLogError(errno) }
    }

    /// One system call each: a line is there, or it is not.
    package func note(_ key: String) {
        var line = key + "\n"
        _ = line.withUTF8 { write(descriptor, $0.baseAddress, $0.count) }
    }

    deinit {
        close(descriptor)
    }
}

struct ExecutionLogError: Error {
    let code: CInt

    init(_ code: CInt) {
        self.code = code
    }
}
