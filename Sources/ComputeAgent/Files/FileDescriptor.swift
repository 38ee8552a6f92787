package import Glibc

/// An open file; closed when the value ends.
package struct FileDescriptor: ~Copyable, Sendable {
    package let raw: CInt
    /// For sentences in errors.
    let path: String

    private init(raw: CInt, path: String) {
        self.raw = raw
        self.path = path
    }

    deinit {
        close(raw)
    }

    /// Opens a file that no child process inherits.
    package static func open(
        _ path: String, _ flags: CInt, mode: mode_t = 0o600
    ) throws(AgentError) -> FileDescriptor {
        let raw = Glibc.open(path, flags | O_CLOEXEC, mode)
        guard raw >= 0 else { throw AgentError.system("open", path) }
        return FileDescriptor(raw: raw, path: path)
    }

    package borrowing func write(_ bytes: [UInt8]) throws(AgentError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(raw, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw AgentError.system("write", path)
            }
            offset += count
        }
    }

    /// Reads up to `length` bytes at an offset; fewer only at the end of the file.
    package borrowing func read(at offset: Int, length: Int) throws(AgentError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: length)
        var filled = 0
        while filled < length {
            let count = bytes.withUnsafeMutableBytes { buffer in
                pread(raw, buffer.baseAddress?.advanced(by: filled), length - filled, offset + filled)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw AgentError.system("read", path)
            }
            if count == 0 { break }
            filled += count
        }
        bytes.removeLast(length - filled)
        return bytes
    }

    package borrowing func status() throws(AgentError) -> stat {
        var status = stat()
        guard fstat(raw, &status) == 0 else { throw AgentError.system("examine", path) }
        return status
    }

    package borrowing func truncate(to length: Int) throws(AgentError) {
        guard ftruncate(raw, length) == 0 else { throw AgentError.system("shorten", path) }
    }

    /// Waits until what was written is on the disk.
    package borrowing func sync() throws(AgentError) {
        guard fsync(raw) == 0 else { throw AgentError.system("sync", path) }
    }
}
