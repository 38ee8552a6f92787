import Foundation

/// How big a run is: seconds in every run of the tests, the issue's own figures with `STATOR_RPC_FULL=1`.
enum Scale {
    static let isFull = environment("STATOR_RPC_FULL") == "1"

    /// A number that a variable of the environment overrides.
    static func count(_ variable: String, short: Int, full: Int) -> Int {
        environment(variable).flatMap(Int.init) ?? (isFull ? full : short)
    }

    static func text(_ variable: String) -> String? { environment(variable) }

    private static func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
}

/// Prints what was measured; `make test-rpc` shows these lines.
func report(_ line: String) {
    // At once: who ends a long run wants to see what was measured until then.
    FileHandle.standardOutput.write(Data("rpc: \(line)\n".utf8))
}

/// Durations, of which shares are asked for.
struct Latencies: Sendable {
    private(set) var all: [Duration] = []

    mutating func add(_ duration: Duration) {
        all.append(duration)
    }

    mutating func add(_ other: Latencies) {
        all += other.all
    }

    /// The shortest that at least this share does not exceed.
    func share(_ share: Double) -> Duration {
        let sorted = all.sorted()
        guard !sorted.isEmpty else { return .zero }
        return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }

    var summary: String {
        "\(all.count) calls, p50 \(text(share(0.5))), p99 \(text(share(0.99))), longest \(text(share(1)))"
    }
}

/// `1.23 ms`.
func text(_ duration: Duration) -> String {
    duration.formatted(.units(allowed: [.milliseconds], width: .narrow, fractionalPart: .show(length: 2)))
}
