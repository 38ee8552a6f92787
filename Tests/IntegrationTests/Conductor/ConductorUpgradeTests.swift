import ComputeMessages
import ComputeObjects
import Conductor
import StatorObjects
import StatorRPC
import StatorWire
import TestSupport
import Testing

/// What a conductor does in the middle of an upgrade.
@Suite struct ConductorUpgradeTests {
    private static func withServer(
        _ body: @escaping @Sendable (ConductorCluster, APIClient, FakeHost) async throws -> Void
    ) async throws {
        try await ConductorRequestTests.withServers { cluster, api, host in
            let end = try await api.end(of: try await api.create("web"))
            #expect(end.state == .succeeded)
            try await body(cluster, api, host)
        }
    }

    private static func status(_ api: APIClient) async throws -> UpgradeStatus {
        var request = ConductorGetUpgradeStatusRequest()
        request.requester = api.requester
        request.request = GetUpgradeStatusRequest()
        return try #require(try await api.client.getUpgradeStatus(request).status)
    }

    @Test func `operators see who runs what and how far the schema is, users do not`() async throws {
        try await Self.withServer { cluster, api, _ in
            let refusal = await #expect(throws: RPCError.self) { try await Self.status(api) }
            #expect(refusal?.code == .permissionDenied)

            let admin = api.as("admin", isOperator: true)
            let status = try await Self.status(admin)
            #expect(status.release == Release.current)
            #expect(status.serviceVersion == Release.serviceVersion)
            #expect(status.oldestServiceVersion == Release.oldestServiceVersion)
            #expect(status.services.map(\.binary) == ["stator-compute", "stator-conductor"])
            #expect(status.services.map(\.name) == ["host1", "conductor1"])
            #expect(status.services.allSatisfy { $0.up == true })
            #expect(status.gates.map(\.name) == FeatureGate.all.map(\.name))
            #expect(status.migrations.map(\.name) == Migration.all.map(\.name))
            #expect(status.migrations.first?.phase == .expand)
            #expect(status.migrations.first?.state == .done)

            var request = ConductorListServicesRequest()
            request.requester = admin.requester
            var list = ListServicesRequest()
            list.binary = "stator-compute"
            request.request = list
            let services = try await api.client.listServices(request).services
            #expect(services.map(\.name) == ["host1"])
            #expect(services.first?.versionSince != nil)
        }
    }

    @Test func `a host that goes away holds nothing any more, without anybody's doing`() async throws {
        try await Self.withServer { cluster, api, _ in
            try cluster.query("UPDATE hosts SET service_version = 0, release = '0.0.1'")
            let admin = api.as("admin", isOperator: true)
            let held = try await Self.status(admin)
            #expect(held.fleetServiceVersion == 0)
            #expect(held.gates.allSatisfy { $0.open == false && $0.heldBy.map(\.name).contains("host1") })
            try cluster.query("UPDATE host_sessions SET lease_until = 0")
            let restarting = try await Self.status(admin)
            #expect(restarting.services.filter { $0.name == "host1" }.map(\.up) == [false])
            #expect(restarting.gates.allSatisfy { $0.open == false && $0.heldBy.map(\.name) == ["host1"] })
            try cluster.query("UPDATE host_sessions SET last_seen_up = 0")
            let free = try await Self.status(admin)
            #expect(free.fleetServiceVersion == Release.serviceVersion)
            #expect(free.gates.allSatisfy { $0.open == true && $0.heldBy.isEmpty })
        }
    }

    @Test func `a guest is not started by a conductor that does not know all of it, and can be stopped and deleted`()
        async throws
    {
        try await Self.withServer { cluster, api, _ in
            try cluster.query("UPDATE instances SET needed_service_version = 1000")
            let hard = await #expect(throws: RPCError.self) { try await api.reboot("web", hard: true) }
            #expect(hard?.code == .failedPrecondition)
            #expect(
                hard?.message.hasPrefix("server 'web' has what only service version 1000 and later knows, ") == true)
            let stopped = try await api.end(of: try await api.stop("web"))
            #expect(stopped.state == .succeeded)
            let start = await #expect(throws: RPCError.self) { try await api.start("web") }
            #expect(start?.code == .failedPrecondition)
            let deleted = try await api.end(of: try await api.delete("web"))
            #expect(deleted.state == .succeeded)
        }
    }

    @Test func `an instance in a newer release's state is served, refuses what is not sure, and can be deleted`()
        async throws
    {
        try await Self.withServer { cluster, api, _ in
            try cluster.query("UPDATE instances SET vm_state = 106, power_state = 109")
            let shown = try await api.get("web")
            #expect(shown.vmState == .unspecified)
            let (listed, _) = try await api.lists()
            #expect(listed.count == 1)
            let stop = await #expect(throws: RPCError.self) { try await api.stop("web") }
            #expect(stop?.code == .failedPrecondition)
            #expect(stop?.message.contains("is unknown (106)") == true)
            let deleted = try await api.end(of: try await api.delete("web"))
            #expect(deleted.state == .succeeded)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a conductor that the schema was contracted past stops and says which release is needed`() async throws {
        try await ConductorCluster.run { cluster in
            let conductor = try await cluster.startConductor("conductor1")
            try cluster.query(
                """
                INSERT INTO schema_migrations (version, name, checksum, applied_at, phase, oldest_service_version)
                VALUES (1000, 'farewell', '', now(), 'contract', 1000)
                """)
            // It looks with each renewal of its registration.
            let error = await #expect(throws: StoreError.self) { try await conductor.task.value }
            #expect(error?.code == .schemaMismatch)
            #expect(error?.message.contains("service version 1000 and later (migration 1000 farewell)") == true)
            let again = await #expect(throws: StoreError.self) { try await cluster.startConductor("conductor1") }
            #expect(again?.code == .schemaMismatch)
        }
    }
}
