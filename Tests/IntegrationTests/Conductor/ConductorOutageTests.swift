import ComputeMessages
import StatorObjects
import StatorRPC
import StatorWire
import TestSupport
import Testing

@Suite struct ConductorOutageTests {
    @Test func `while the database is away callers are told so, and what was under way goes on when it is back`()
        async throws
    {
        // What is committed must outlive the crash.
        let postgres = try TemporaryPostgres(fsync: true)
        try await ConductorCluster.run(on: postgres) { cluster in
            try await cluster.withConductor { conductor in
                try await cluster.withHost(try cluster.makeHost(behaviour: .hold, at: conductor)) { host in
                    try await cluster.withAPI(at: conductor) { api in
                        let create = try await api.create("web")
                        try await waitUntil("the build is at the host") { host.heldDirectives.count == 1 }
                        postgres.stop()
                        let refusal = await #expect(throws: RPCError.self) { try await api.create("other") }
                        #expect(refusal?.code == .unavailable)
                        #expect(refusal?.message.isEmpty == false)
                        host.reportHeld()
                        try postgres.start()
                        try await waitUntil(timeout: .seconds(30), "the server is active") {
                            (try? await api.get("web").vmState) == .active
                        }
                        #expect(try await api.operation(create.operation?.uuid).state == .succeeded)
                        #expect(try cluster.usage(of: host) == "1|512|1")
                        #expect(try cluster.query("SELECT count(*) FROM instances") == ["1"])
                    }
                }
            }
        }
    }

    @Test func `an operation that no host knows of fails at its deadline, and leaves the server as it was`()
        async throws
    {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                try await cluster.withAPI(at: conductor) { api in
                    try await cluster.withHost(try cluster.makeHost(at: conductor)) { _ in
                        _ = try await api.end(of: try await api.create("web"))
                    }
                    try await waitUntil("the host is detached") {
                        try cluster.query("SELECT count(*) FROM host_sessions WHERE conductor IS NULL") == ["1"]
                    }
                    let stop = try await api.stop("web")
                    #expect(try await api.get("web").taskState == .poweringOff)
                    try cluster.query("UPDATE operations SET deadline = 1 WHERE state = 1")
                    let end = try await api.end(of: stop)
                    #expect(end.state == .failed)
                    #expect(end.fault?.code == UInt32(StatusCode.deadlineExceeded.rawValue))
                    let server = try await api.get("web")
                    #expect(server.vmState == .active)
                    #expect(server.taskState == TaskState.none)
                }
            }
        }
    }

    @Test func `a build that finds its host on the way to another conductor waits for it`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                try await cluster.withAPI(at: conductor) { api in
                    let uuid = ObjectID.random()
                    try await cluster.withHost(try cluster.makeHost(uuid: uuid, at: conductor)) { _ in }
                    try await waitUntil("the host is detached") {
                        try cluster.query("SELECT count(*) FROM host_sessions WHERE conductor IS NULL") == ["1"]
                    }
                    let create = try await api.create("web")
                    try await waitUntil("it was tried") {
                        try await api.operation(create.operation?.uuid).attempt ?? 0 >= 1
                    }
                    #expect(try await api.operation(create.operation?.uuid).step == .schedule)
                    try await cluster.withHost(try cluster.makeHost(uuid: uuid, bootEpoch: 2, at: conductor)) { _ in
                        let end = try await api.end(of: create)
                        #expect(end.state == .succeeded)
                    }
                }
            }
        }
    }
}
