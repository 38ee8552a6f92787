import CommandOptions
import Glibc
import Testing

@Suite("The limit of open files")
struct OpenFileLimitTests {
    @Test func `a daemon may have as many files open as it is ever allowed to`() throws {
        var limit = try current()
        limit.rlim_cur = limit.rlim_max - 1
        try #require(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        OpenFileLimit.raise()
        let raised = try current()
        #expect(raised.rlim_cur == raised.rlim_max)
    }

    private func current() throws -> rlimit {
        var limit = rlimit()
        try #require(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        return limit
    }
}
