internal import Glibc

/// The CPU time of a process, to the nanosecond, user and system together.
package enum ProcessClock {
    /// Nil when there is no such process.
    package static func cpuSeconds(of process: Int32) -> Double? {
        var clock = clockid_t()
        guard clock_getcpuclockid(process, &clock) == 0 else { return nil }
        return seconds(clock)
    }

    package static func ownCPUSeconds() -> Double { seconds(CLOCK_PROCESS_CPUTIME_ID) ?? 0 }

    private static func seconds(_ clock: clockid_t) -> Double? {
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { return nil }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
