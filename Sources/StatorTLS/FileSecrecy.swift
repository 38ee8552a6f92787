internal import Glibc

/// Whether a file with a secret is closed to all but those who need it; the rule is PostgreSQL's.
///
/// A file of this process's own user gives nobody else any right. One of root's may let its group read, so that services
/// share a machine's key. Nobody else's file is taken: its owner could change it.
package struct FileSecrecy {
    private let owner: UInt32
    private let mode: UInt32
    private let user: UInt32

    /// The owner and the mode of the file, and the user whose process this is.
    package init(owner: UInt32, mode: UInt32, user: UInt32) {
        self.owner = owner
        self.mode = mode & 0o777
        self.user = user
    }

    /// What is wrong with the file and what to do, as the rest of a sentence about it; nil when nothing is.
    package func objection(path: String) -> String? {
        let digits = String(mode, radix: 8)
        let text = String(repeating: "0", count: 4 - digits.count) + digits
        if owner == user {
            return mode & 0o077 == 0
                ? nil : "is open to others than its owner (mode \(text)); run: chmod 600 \(path)"
        }
        guard owner == 0 else {
            return "belongs to another user (\(owner)), who could change it; run: chown \(user) \(path)"
        }
        return mode & 0o037 == 0
            ? nil : "of root is open to more than reading by its group (mode \(text)); run: chmod 640 \(path)"
    }
}
