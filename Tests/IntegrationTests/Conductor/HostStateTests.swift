import ComputeMessages
import StatorObjects
import StatorRPC
import StatorWire
import TestSupport
import Testing

@Suite struct HostStateTests {
    /// Two hosts with a server each, of whom only the first could take the first and the second the second.
    static func withTwoHosts(
        _ body: @escaping @Sendable (ConductorCluster, APIClient, FakeHost, FakeHost) async throws -> Void
    ) async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                try await cluster.withAPI(at: conductor) { api in
                    try await cluster.withHost(try cluster.makeHost("host1", memoryMb: 700, at: conductor)) { first in
                        _ = try await api.end(of: try await api.create("one"))
                        try await cluster.withHost(try cluster.makeHost("host2", at: conductor)) { second in
                            _ = try await api.end(of: try await api.create("two"))
                            try await body(cluster, api, first, second)
                        }
                    }
                }
            }
        }
    }

    @Test func `a batch with another host's instance is refused whole`() async throws {
        try await Self.withTwoHosts { cluster, api, first, second in
            try await waitUntil("the journal is empty") { first.isJournalEmpty }
            let own = try await api.get("one")
            let foreign = try await api.get("two")
            #expect(foreign.hostId == second.uuid)
            var request = ReportRequest()
            let next = first.lastSequence + 1
            request.reports = [
                first.makeReport(next, .observed, instance: Self.down(own)),
                first.makeReport(next + 1, .observed, instance: Self.down(foreign)),
            ]
            let sent = request
            let refusal = await #expect(throws: RPCError.self) { try await first.client.report(sent) }
            #expect(refusal?.code == .permissionDenied)
            #expect(try await api.get("one").powerState == .running)
            #expect(try await api.get("two").powerState == .running)
            request.reports = [first.makeReport(next, .observed, instance: Self.down(own))]
            #expect(try await first.client.report(request).appliedThrough == next)
            #expect(try await api.get("one").vmState == .stopped)
        }
    }

    @Test func `a host reads its own instances and no other's`() async throws {
        try await Self.withTwoHosts { _, api, first, _ in
            let own = try #require(try await api.get("one").uuid)
            let foreign = try #require(try await api.get("two").uuid)
            let all = try await first.client.getInstances(GetHostInstancesRequest())
            #expect(all.instances.map(\.uuid) == [own])
            // What it compares with its guests, and not what it knows already.
            let listed = try #require(all.instances.first)
            #expect(listed.vmState == .active)
            #expect(listed.taskState == TaskState.none)
            #expect(listed.powerState == .running)
            #expect(listed.hostId == first.uuid)
            #expect(listed.displayName == nil)
            #expect(listed.image == nil)
            var request = GetHostInstancesRequest()
            request.uuids = [own]
            #expect(try await first.client.getInstances(request).instances.count == 1)
            for uuids in [[own, foreign], [foreign], [own, ObjectID.random()]] {
                request.uuids = uuids
                let sent = request
                let refusal = await #expect(throws: RPCError.self) { try await first.client.getInstances(sent) }
                #expect(refusal?.code == .permissionDenied)
            }
        }
    }

    @Test func `a report that comes twice is applied once`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                try await cluster.withHost(try cluster.makeHost(at: conductor)) { host in
                    try await cluster.withAPI(at: conductor) { api in
                        _ = try await api.end(of: try await api.create("web"))
                        try await waitUntil("the journal is empty") { host.isJournalEmpty }
                        let server = try await api.get("web")
                        var request = ReportRequest()
                        let sequence = host.lastSequence + 1
                        request.reports = [host.makeReport(sequence, .observed, instance: Self.down(server))]
                        #expect(try await host.client.report(request).appliedThrough == sequence)
                        let generation = try await api.get("web").generation
                        #expect(try await host.client.report(request).appliedThrough == sequence)
                        #expect(try await api.get("web").generation == generation)
                        request.reports = [host.makeReport(sequence + 2, .observed, instance: Self.down(server))]
                        let sent = request
                        await #expect(throws: RPCError.self) { try await host.client.report(sent) }
                    }
                }
            }
        }
    }

    @Test func `a guest that powered itself off is stopped`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                try await cluster.withHost(try cluster.makeHost(at: conductor)) { host in
                    try await cluster.withAPI(at: conductor) { api in
                        _ = try await api.end(of: try await api.create("web"))
                        host.append(.observed, instance: Self.down(try await api.get("web")))
                        try await waitUntil("the server is stopped") { try await api.get("web").vmState == .stopped }
                    }
                }
            }
        }
    }

    @Test func `a host must be who its certificate says, under the uuid that it always had`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                let uuid = ObjectID.random()
                try await cluster.withHost(try cluster.makeHost("host1", uuid: uuid, at: conductor)) { _ in }
                let impostors = [
                    try cluster.makeHost("host2", claiming: "host1", uuid: uuid, at: conductor),
                    try cluster.makeHost("host2", uuid: uuid, at: conductor),
                    try cluster.makeHost("host1", uuid: .random(), at: conductor),
                ]
                for impostor in impostors {
                    let task = Task { await impostor.run() }
                    try await waitUntil("the host was answered") { !impostor.registrations.isEmpty }
                    task.cancel()
                    guard case .failure(let refusal) = impostor.registrations.first else {
                        Issue.record("it was registered")
                        continue
                    }
                    #expect(refusal.code == .failedPrecondition)
                    #expect(!refusal.message.isEmpty)
                }
                #expect(try cluster.query("SELECT name FROM hosts") == ["host1"])
            }
        }
    }

    @Test func `an older start of a host's agent does not push a newer one aside`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                let uuid = ObjectID.random()
                let newer = try cluster.makeHost("host1", uuid: uuid, bootEpoch: 5, at: conductor)
                try await cluster.withHost(newer) { newer in
                    let older = try cluster.makeHost("host1", uuid: uuid, bootEpoch: 4, at: conductor)
                    let task = Task { await older.run() }
                    try await waitUntil("the older was answered") { !older.registrations.isEmpty }
                    task.cancel()
                    guard case .failure(let refusal) = older.registrations.first else {
                        Issue.record("it was registered")
                        return
                    }
                    #expect(refusal.code == .failedPrecondition)
                    #expect(newer.channel.connection?.isOpen == true)
                }
            }
        }
    }

    @Test func `a host whose attachment was fenced registers anew and goes on`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                try await cluster.withHost(try cluster.makeHost(at: conductor)) { host in
                    try await cluster.withAPI(at: conductor) { api in
                        _ = try await api.end(of: try await api.create("web"))
                        try cluster.query("UPDATE host_sessions SET number = number + 1")
                        host.append(.observed, instance: Self.down(try await api.get("web")))
                        try await waitUntil("the server is stopped") { try await api.get("web").vmState == .stopped }
                        #expect(host.registrations.count == 2)
                    }
                }
            }
        }
    }

    private static func down(_ instance: Instance) -> Instance {
        var report = Instance()
        report.uuid = instance.uuid
        report.powerState = .shutdown
        return report
    }
}
