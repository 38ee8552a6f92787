internal import Glibc

/// The context that new connections are to use, which changes when new certificates are taken up.
public final class ReloadableTLSContext: Sendable {
    /// What tells one content of a file from the next without reading it.
    private struct FileStamp: Hashable {
        let device: UInt64
        let inode: UInt64
        let length: Int64
        let changedSeconds: Int64
        let changedNanoseconds: Int64

        /// Nil when the file is not there.
        init?(path: String) {
            var status = stat()
            guard unsafe stat(path, &status) == 0 else {
                return nil
            }
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
            length = Int64(status.st_size)
            changedSeconds = Int64(status.st_mtim.tv_sec)
            changedNanoseconds = Int64(status.st_mtim.tv_nsec)
        }
    }

    private struct State {
        var context: TLSContext
        var generation = 1
        /// Of the files when they were last read, whether or not they were found good.
        var stamps: [FileStamp?]
    }

    public let configuration: TLSConfiguration
    private let state: Guarded<State>

    /// Reads the files and checks that they belong together.
    public init(_ configuration: TLSConfiguration, role: TLSRole) throws(TLSError) {
        self.configuration = configuration
        // Before they are read: a change in the meantime shows later.
        let stamps = ReloadableTLSContext.stamps(of: configuration)
        state = Guarded(State(context: try TLSContext(configuration, role: role), stamps: stamps))
    }

    /// The context for the next connection.
    public var current: TLSContext {
        state.withLock { $0.context }
    }

    /// How many contexts there have been.
    public var generation: Int {
        state.withLock { $0.generation }
    }

    /// Whether any of the files is not as it was when they were last read; asks the system for their dates only.
    public func filesHaveChanged() -> Bool {
        let stamps = ReloadableTLSContext.stamps(of: configuration)
        return state.withLock { $0.stamps != stamps }
    }

    /// Reads the files again and makes their context the current one; connections that are open stay as they are.
    ///
    /// Throws and keeps the old context when the new files are not usable, for example since the certificate is replaced
    /// already and its key is not yet: try again when they change again. By one thread at a time.
    @discardableResult
    public func reload() throws(TLSError) -> TLSContext {
        let stamps = ReloadableTLSContext.stamps(of: configuration)
        let role = state.withLock { state in
            state.stamps = stamps
            return state.context.role
        }
        let context = try TLSContext(configuration, role: role)
        state.withLock { state in
            state.context = context
            state.generation += 1
        }
        return context
    }

    private static func stamps(of configuration: TLSConfiguration) -> [FileStamp?] {
        let paths = [configuration.certificateChainPath, configuration.privateKeyPath, configuration.trustRootsPath]
        return (paths + [configuration.revocationListPath].compactMap(\.self)).map { FileStamp(path: $0) }
    }
}
