internal import Glibc

/// How this process's memory is managed.
package enum ProcessMemory {
    private static let variable = "GLIBC_TUNABLES"
    /// Of each size of memory, how many pieces a thread keeps at hand; glibc's default is 7. A server with some hundred
    /// calls under way gives as many tasks back at once, and would otherwise go to the shared heap for each.
    private static let setting = "glibc.malloc.tcache_count=2000"

    /// Starts the program once more, in the same process, with the setting that glibc takes from the environment only.
    ///
    /// For servers of many calls, before anything else is begun. Processes that they start inherit it. Nothing happens when the variable is set already, by this or by the operator, and
    /// when the program cannot be started again: then it goes on, a little slower.
    package static func tune() {
        guard getenv(variable) == nil, let path = executablePath, setenv(variable, setting, 0) == 0 else { return }
        _ = execv(path, CommandLine.unsafeArgv)
    }

    /// Its real name, which is what the process is listed under.
    private static var executablePath: String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
