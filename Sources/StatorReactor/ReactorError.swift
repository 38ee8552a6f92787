internal import Glibc

/// A failed system call or a refused address: what was attempted, and why it did not work.
public struct ReactorError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was attempted, for example `connect to 127.0.0.1:7701`.
    public let operation: String
    /// The system's error number; `EINVAL` where no system call was made.
    public let errno: CInt
    private let reason: String?

    public init(operation: String, errno: CInt) {
        self.operation = operation
        self.errno = errno
        reason = nil
    }

    /// An error that the system's error number alone does not explain; `EINVAL` where none is given.
    public init(operation: String, reason: String, errno: CInt? = nil) {
        self.operation = operation
        self.errno = errno ?? EINVAL
        self.reason = reason
    }

    public var description: String {
        unsafe "\(operation): \(reason ?? String(cString: strerror(errno)))"
    }

    /// The process or the machine has no descriptor or memory left; an acceptor does well to pause before it tries again.
    public var isOutOfResources: Bool {
        errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM
    }
}
