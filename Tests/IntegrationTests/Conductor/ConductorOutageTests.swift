import ComputeMessages
import Conductor
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

    @Test func `a directive that is not answered is cancelled by a delete, and tried again otherwise`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                try await cluster.withHost(try cluster.makeHost(behaviour: .beAway, at: conductor)) { host in
                    try await cluster.withAPI(at: conductor) { api in
                        let create = try await api.create("web")
                        let other = try await api.create("other")
                        try await waitUntil("both are back in the queue") {
                            try cluster.query(
                                "SELECT count(*) FROM operations WHERE state = 1 AND directed_at IS NOT NULL")
                                == ["2"]
                        }
                        _ = try await api.delete("web")
                        #expect(try await api.operation(create.operation?.uuid).state == .cancelled)
                        host.become(.carryOut)
                        #expect(try await api.end(of: other).state == .succeeded)
                        let sent = host.directives.count { $0.operationId == create.operation?.uuid }
                        #expect(sent >= 1)
                        try await waitUntil("the delete is done") {
                            try cluster.usage(of: host) == "1|512|1"
                        }
                    }
                }
            }
        }
    }

    @Test func `a build is not failed because every lease ended while the database was away`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                try await cluster.withAPI(at: conductor) { api in
                    let uuid = ObjectID.random()
                    try await cluster.withHost(try cluster.makeHost(uuid: uuid, at: conductor)) { _ in }
                    try await waitUntil("the host is detached") {
                        try cluster.query("SELECT count(*) FROM host_sessions WHERE conductor IS NULL") == ["1"]
                    }
                    try cluster.query("UPDATE host_sessions SET last_seen_up = 1, lease_until = 1")
                    let create = try await api.create("web")
                    try await waitUntil("it was tried twice") {
                        try await api.operation(create.operation?.uuid).attempt ?? 0 >= 2
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

    @Test func `a host that leaves while the database is away is detached when it is back`() async throws {
        let postgres = try TemporaryPostgres(fsync: true)
        try await ConductorCluster.run(on: postgres) { cluster in
            try await cluster.withConductor { conductor in
                try await cluster.withHost(try cluster.makeHost(at: conductor)) { _ in
                    postgres.stop()
                }
                // The connection's end is noticed while nothing can be stored.
                try await Task.sleep(for: .seconds(1))
                try postgres.start()
                try await waitUntil(timeout: .seconds(30), "the host is detached") {
                    (try? cluster.query("SELECT count(*) FROM host_sessions WHERE conductor IS NULL")) == ["1"]
                }
            }
        }
    }

    @Test func `a build whose host left before it was told goes to another host`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                try await cluster.withAPI(at: conductor) { api in
                    let gone = try cluster.makeHost("host1", at: conductor)
                    try await cluster.withHost(gone) { _ in }
                    try await waitUntil("the host is detached") {
                        try cluster.query("SELECT count(*) FROM host_sessions WHERE conductor IS NULL") == ["1"]
                    }
                    // As if it was placed by a conductor that ended before it could send the directive: to this one
                    // the host still looks up, attached elsewhere.
                    try cluster.query(
                        "UPDATE host_sessions SET conductor = 'conductor9', lease_until = stator_now() + 60000000")
                    let create = try await api.create("web")
                    try await waitUntil("it is placed") {
                        try await api.operation(create.operation?.uuid).step == .direct
                    }
                    #expect(try cluster.usage(of: gone) == "1|512|1")
                    try await cluster.withHost(try cluster.makeHost("host2", at: conductor)) { _ in
                        try cluster.query(
                            "UPDATE host_sessions SET lease_until = 1 WHERE conductor = 'conductor9'")
                        #expect(try await api.end(of: create).state == .succeeded)
                        #expect(try await api.get("web").host == "host2")
                        #expect(try cluster.usage(of: gone) == "0|0|0")
                    }
                }
            }
        }
    }

    @Test func `a host that does not answer leaves the other hosts their share of the conductor`() async throws {
        let count = OperationEngine.steppingCountMax + 6
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                let silent = try cluster.makeHost("host1", memoryMb: UInt32(count) * 512, at: conductor)
                try await cluster.withHost(silent) { silent in
                    try await cluster.withAPI(at: conductor) { api in
                        for number in 0..<count { _ = try await api.create("web\(number)") }
                        try await waitUntil(timeout: .seconds(30), "all are built") {
                            try cluster.query("SELECT count(*) FROM instances WHERE vm_state = 2") == ["\(count)"]
                        }
                        silent.become(.beSilent)
                        for number in 0..<count { _ = try await api.stop("web\(number)") }
                        try await cluster.withHost(try cluster.makeHost("host2", at: conductor)) { _ in
                            let began = ContinuousClock.now
                            let end = try await api.end(of: try await api.create("other"))
                            #expect(end.state == .succeeded)
                            #expect(ContinuousClock.now - began < .seconds(5))
                            let unanswered = silent.directives.count - count
                            #expect(unanswered > 0 && unanswered <= 2 * OperationEngine.steppingPerHostMax)
                        }
                    }
                }
            }
        }
    }
}
