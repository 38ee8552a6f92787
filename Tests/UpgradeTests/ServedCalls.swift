import ClusterSupport

/// How many calls of each method the daemons of a cluster have served since they were started, by their logs.
struct ServedCalls {
    /// What goes on by itself, however little is asked for.
    private static let periodic = [
        "/RegisterHost", "/RegisterService", "/RenewLease", "/GetInstances",
    ]

    private var counts: [String: Int] = [:]

    init(of cluster: TestCluster) {
        for daemon in TestCluster.Daemon.all {
            for line in cluster.log(of: daemon).split(separator: "\n") where line.contains(": call served ") {
                guard let method = line.firstRange(of: "method=") else { continue }
                counts[String(line[method.upperBound...].prefix { $0 != " " }), default: 0] += 1
            }
        }
    }

    /// Those that have come since, without what goes on by itself.
    func since(_ before: ServedCalls) -> [String: Int] {
        var difference: [String: Int] = [:]
        for (method, count) in counts where !Self.periodic.contains(where: method.hasSuffix) {
            let more = count - (before.counts[method] ?? 0)
            if more != 0 { difference[method] = more }
        }
        return difference
    }
}
