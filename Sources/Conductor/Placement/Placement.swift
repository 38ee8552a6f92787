internal import StatorObjects

/// Chooses a host for an instance: filters, then the weigher.
package enum Placement {
    /// The host, or why there is none.
    package enum Choice: Equatable, Sendable {
        case host(HostCandidate)
        /// None at the moment, but one that would do is expected back any moment.
        case later(String)
        /// A sentence that says how many hosts were refused for what.
        case none(String)
    }

    /// The host with the most free memory among those that pass every filter.
    ///
    /// Hosts of equal weight are told apart by their uuid, so that equal input gives equal output.
    package static func choose(among hosts: [HostCandidate], for request: PlacementRequest) -> Choice {
        var refused: [PlacementFilter: Int] = [:]
        var untellable: [Untellable: Int] = [:]
        var best: HostCandidate?
        for host in hosts {
            if let filter = PlacementFilter.allCases.first(where: { !$0.passes(host, for: request) }) {
                if filter == .release, let reason = host.untellable {
                    untellable[reason, default: 0] += 1
                } else {
                    refused[filter, default: 0] += 1
                }
            } else if best.map({ isHeavier(host, than: $0) }) ?? true {
                best = host
            }
        }
        if let best {
            return .host(best)
        }
        let reason = explanation(hostCount: hosts.count, refused: refused, untellable: untellable, request: request)
        return hosts.contains { isExpectedBack($0, for: request) } ? .later(reason) : .none(reason)
    }

    private static func isExpectedBack(_ host: HostCandidate, for request: PlacementRequest) -> Bool {
        host.mayReturn && PlacementFilter.allCases.allSatisfy { $0 == .up || $0.passes(host, for: request) }
    }

    private static func isHeavier(_ host: HostCandidate, than other: HostCandidate) -> Bool {
        if host.freeMemoryMB != other.freeMemoryMB {
            return host.freeMemoryMB > other.freeMemoryMB
        }
        return host.id < other.id
    }

    private static func explanation(
        hostCount: Int, refused: [PlacementFilter: Int], untellable: [Untellable: Int], request: PlacementRequest
    ) -> String {
        if hostCount == 0 {
            return "no valid host: no host has registered yet"
        }
        var reasons = PlacementFilter.allCases.compactMap { filter -> String? in
            guard let count = refused[filter] else { return nil }
            return "\(count) \(filter.refusal(for: request))"
        }
        reasons += untellable.sorted { $0.key < $1.key }.map { reason, count in
            "\(count) of release \(reason.release) that cannot be told \(reason.what)"
        }
        let hosts = hostCount == 1 ? "1 host" : "\(hostCount) hosts"
        return "no valid host: of \(hosts), " + reasons.joined(separator: ", ")
    }
}
