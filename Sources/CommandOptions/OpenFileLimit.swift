internal import Glibc

/// How many files and sockets this process may have open.
package enum OpenFileLimit {
    /// Raises the soft limit to the hard one: a daemon has a socket for each peer, and the usual soft limit of 1,024 is
    /// for programs that call select(). Where that is refused, the limit stays what it was.
    package static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max
        else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
