import ComputeMessages
import StatorObjects
import StatorRPC
import StatorWire
import Testing

@Suite struct RequestCheckTests {
    private static func create(_ change: (inout CreateServerRequest) -> Void) -> CreateServerRequest {
        var request = CreateServerRequest()
        request.name = "web"
        request.flavor = "tiny"
        request.image = "debian"
        change(&request)
        return request
    }

    private static func flavor(_ change: (inout Flavor) -> Void) -> CreateFlavorRequest {
        var flavor = Flavor()
        flavor.name = "tiny"
        flavor.vcpus = 1
        flavor.memoryMb = 128
        flavor.rootGb = 1
        change(&flavor)
        var request = CreateFlavorRequest()
        request.flavor = flavor
        return request
    }

    static let servers: [(CreateServerRequest, String)] = [
        (create { $0.name = nil }, "name is missing"),
        (create { $0.name = "   " }, "name is blank"),
        (create { $0.name = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6" }, "name may not be the text of a uuid"),
        (create { $0.name = "a\u{202E}b" }, "name contains the control character U+202E"),
        (create { $0.flavor = nil }, "flavor is missing"),
        (create { $0.flavor = "" }, "flavor is empty"),
        (create { $0.image = nil }, "image is missing"),
        (create { $0.image = "a\u{0}b" }, "image contains a NUL character"),
        (create { $0.description = "\u{1B}[2J" }, "description contains control characters"),
    ]

    static let flavors: [(CreateFlavorRequest, String)] = [
        (CreateFlavorRequest(), "flavor is missing"),
        (flavor { $0.name = nil }, "flavor.name is missing"),
        (flavor { $0.vcpus = nil }, "flavor.vcpus is missing; it takes 1 to 512"),
        (flavor { $0.vcpus = 0 }, "flavor.vcpus is 0; it takes 1 to 512"),
        (flavor { $0.vcpus = 513 }, "flavor.vcpus is 513"),
        (flavor { $0.memoryMb = 0 }, "flavor.memory_mb is 0"),
        (flavor { $0.memoryMb = .max }, "flavor.memory_mb is 4294967295"),
        (flavor { $0.rootGb = 0 }, "flavor.root_gb is 0"),
        (flavor { $0.uuid = ObjectID.random() }, "flavor.uuid is the conductor's to set"),
        (flavor { $0.generation = 7 }, "flavor.generation is the conductor's to set"),
    ]

    @Test func `a request that cannot be meant is refused with a sentence that names the field`() async throws {
        try await APIFixture.with { fixture in
            try await fixture.asCaller(.operator, "admin") { client in
                for (request, message) in Self.servers {
                    let error = await failure { () throws(RPCError) in try await client.createServer(request) }
                    #expect(error?.code == .invalidArgument, "\(message)")
                    #expect(error?.message.hasPrefix(message) == true, "\(message): \(error?.message ?? "")")
                }
                for (request, message) in Self.flavors {
                    let error = await failure { () throws(RPCError) in try await client.createFlavor(request) }
                    #expect(error?.code == .invalidArgument, "\(message)")
                    #expect(error?.message.hasPrefix(message) == true, "\(message): \(error?.message ?? "")")
                }
            }
            #expect(fixture.conductor.calls.isEmpty)
        }
    }

    @Test func `what a request's format forbids does not reach the conductor either`() async throws {
        try await APIFixture.with { fixture in
            try await fixture.asCaller(.user, "alice") { client in
                for name in ["", "a\u{0}b", "a\nb", String(repeating: "x", count: 300)] {
                    let request = Self.create { $0.name = name }
                    let error = await failure { () throws(RPCError) in try await client.createServer(request) }
                    #expect(error?.code == .invalidArgument)
                    #expect(error?.message.contains("name") == true, "\(error?.message ?? "")")
                }
            }
            #expect(fixture.conductor.calls.isEmpty)
        }
    }

    @Test func `limits and references are checked on every method that has them`() async throws {
        try await APIFixture.with { fixture in
            try await fixture.asCaller(.operator, "admin") { client in
                var servers = ListServersRequest()
                var operations = ListOperationsRequest()
                for limit: UInt32 in [0, 1001] {
                    servers.limit = limit
                    operations.limit = limit
                    let errors = [
                        await failure { [servers] () throws(RPCError) in try await client.listServers(servers) },
                        await failure { [operations] () throws(RPCError) in
                            try await client.listOperations(operations)
                        },
                    ]
                    #expect(errors.allSatisfy { $0?.message == "limit is \(limit); it takes 1 to 1000" })
                }
                let none = ServerRequest()
                let calls = [
                    await failure { () throws(RPCError) in try await client.getServer(none) },
                    await failure { () throws(RPCError) in try await client.deleteServer(none) },
                    await failure { () throws(RPCError) in try await client.startServer(none) },
                    await failure { () throws(RPCError) in try await client.stopServer(none) },
                    await failure { () throws(RPCError) in try await client.rebootServer(RebootServerRequest()) },
                    await failure { () throws(RPCError) in try await client.getHost(HostRequest()) },
                    await failure { () throws(RPCError) in try await client.updateHost(UpdateHostRequest()) },
                    await failure { () throws(RPCError) in try await client.getOperation(OperationRequest()) },
                ]
                for error in calls {
                    #expect(error?.code == .invalidArgument)
                    #expect(error?.message.contains("is missing") == true, "\(error?.message ?? "")")
                }
            }
            #expect(fixture.conductor.calls.isEmpty)
        }
    }

    @Test func `a host is enabled without a reason`() async throws {
        try await APIFixture.with { fixture in
            try await fixture.asCaller(.operator, "admin") { client in
                var request = UpdateHostRequest()
                request.host = "host1"
                request.disabled = false
                request.disabledReason = "because"
                let error = await failure { [request] () throws(RPCError) in try await client.updateHost(request) }
                #expect(
                    error?.message == "disabled_reason goes with disabled only; leave it out to enable the host")
                request.disabledReason = nil
                _ = try await client.updateHost(request)
            }
            #expect(fixture.conductor.calls.map(\.method) == ["UpdateHost"])
        }
    }
}
