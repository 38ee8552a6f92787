internal import Foundation
internal import TestSupport

/// What has to hold whenever no operation is under way, whatever was killed before. Each broken promise is a sentence.
package struct PromiseCheck {
    package let cluster: TestCluster

    package init(cluster: TestCluster) {
        self.cluster = cluster
    }

    package func brokenPromises() async throws -> [String] {
        let servers = try await cluster.servers()
        let operations = try await cluster.operations()
        return outcomes(of: operations, servers) + guestsAndRecords(servers) + (try await claims(servers))
    }

    /// After everything was deleted, nothing of it is left anywhere.
    package func remains() async throws -> [String] {
        var broken = try await brokenPromises()
        broken += try await cluster.servers().map { "server \($0.displayName ?? $0.uuid) is left" }
        broken += cluster.guests().map { "a guest is left, process \($0.processID) of instance \($0.instance)" }
        for host in try await cluster.hosts() where host.isInUse { broken.append("\(host) is in use, with no server") }
        for host in TestCluster.Daemon.hosts {
            let folder = "\(cluster.stateDirectory(of: host))/instances"
            let left = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            broken += left.filter(isInstance).map { "\(host) has left the folder of instance \($0)" }
        }
        return broken
    }

    /// An operation's outcome is what became of its instance.
    private func outcomes(of operations: [OperationAnswer], _ servers: [InstanceAnswer]) -> [String] {
        operations.compactMap { operation in
            guard operation.hasEnded else {
                return "operation \(operation.uuid) is \(operation.state ?? "without state")"
            }
            let server = servers.first { $0.uuid == operation.instanceUuid }
            switch (operation.kind, operation.state, server?.vmState) {
            case ("delete", "succeeded", .some(let state)):
                return "a delete succeeded, and its instance \(operation.instanceUuid ?? "") is \(state)"
            case ("create", "failed", "active"), ("create", "cancelled", "active"):
                return
                    "a create is \(operation.state ?? ""), and its instance \(operation.instanceUuid ?? "") is active"
            case ("create", "succeeded", "building"), ("create", "succeeded", "error"):
                return
                    "a create succeeded, and its instance \(operation.instanceUuid ?? "") is \(server?.vmState ?? "")"
            default:
                return nil
            }
        }
    }

    /// What runs is what the records say runs, on the same host, once.
    private func guestsAndRecords(_ servers: [InstanceAnswer]) -> [String] {
        let recorded = servers.filter { $0.vmState == "active" }.map { "\($0.uuid) on \($0.host ?? "no host")" }
            .sorted()
        let running = cluster.guests().map { "\($0.instance) on \($0.host)" }.sorted()
        guard recorded != running else { return [] }
        return ["the records say that \(recorded) run, and there run \(running)"]
    }

    /// Each host's used resources are the sum of what its instances were given.
    private func claims(_ servers: [InstanceAnswer]) async throws -> [String] {
        var broken: [String] = []
        for host in try await cluster.hosts() {
            let count = servers.count { $0.host == host.name }
            // The one flavor of these tests: 1 vcpu, 128 MB, 1 GB.
            if host.usedVcpus != count || host.usedMemoryMb != 128 * count || host.usedLocalGb != count {
                broken.append("\(host) has \(count) servers")
            }
        }
        for (what, sql) in Self.claimQueries {
            broken += try cluster.query(sql).map { "\(what): \($0)" }
        }
        return broken
    }

    /// What the tables themselves must say; each row is a contradiction.
    private static let claimQueries = [
        (
            "a host's used resources are not the sum of its claims",
            """
            SELECT name FROM hosts LEFT JOIN (
                SELECT host_id, sum(vcpus) AS vcpus, sum(memory_mb) AS memory_mb, sum(disk_gb) AS disk_gb
                FROM claims GROUP BY host_id
            ) AS claimed ON claimed.host_id = hosts.uuid
            WHERE vcpus_used <> coalesce(claimed.vcpus, 0) OR memory_mb_used <> coalesce(claimed.memory_mb, 0)
                OR local_gb_used <> coalesce(claimed.disk_gb, 0)
            """
        ),
        (
            "a claim whose instance is deleted, or on another host",
            """
            SELECT instance_uuid FROM claims JOIN instances ON instances.uuid = claims.instance_uuid
            WHERE vm_state = 5 OR instances.host_id IS DISTINCT FROM claims.host_id
            """
        ),
        (
            "an instance on a host without a claim there",
            """
            SELECT uuid FROM instances LEFT JOIN claims ON claims.instance_uuid = instances.uuid
            WHERE vm_state <> 5 AND instances.host_id IS NOT NULL AND claims.instance_uuid IS NULL
            """
        ),
    ]

    private func isInstance(_ name: String) -> Bool {
        UUID(uuidString: name) != nil
    }
}

extension HostAnswer: CustomStringConvertible {
    package var isInUse: Bool { usedVcpus + usedMemoryMb + usedLocalGb > 0 }

    package var description: String {
        "host \(name) with \(usedVcpus) vcpus, \(usedMemoryMb) MB, \(usedLocalGb) GB used"
    }
}
