import ComputeMessages
import ComputeObjects
import StatorObjects
import StatorRPC
import StatorReactor
import StatorWire
import TestSupport
import Testing

@Suite struct ForwardingTests {
    private static func named(_ server: String) -> ServerRequest {
        var request = ServerRequest()
        request.server = server
        return request
    }

    private static var create: CreateServerRequest {
        var request = CreateServerRequest()
        request.name = "web"
        request.flavor = "tiny"
        request.image = "debian"
        return request
    }

    @Test func `the conductor is told who asks, from the certificate`() async throws {
        try await APIFixture.with { fixture in
            try await fixture.asCaller(.user, "alice") { _ = try await $0.getServer(Self.named("web")) }
            try await fixture.asCaller(.operator, "admin") { _ = try await $0.getServer(Self.named("web")) }
            let calls = fixture.conductor.calls
            #expect(calls.map { $0.requester?.userId } == ["alice", "admin"])
            #expect(calls.map { $0.requester?.isOperator } == [false, true])
            #expect(calls.allSatisfy { $0.caller.callerClass == .api && $0.caller.name == "api1" })
        }
    }

    @Test func `every method is forwarded to the conductor's of its kind`() async throws {
        try await APIFixture.with { fixture in
            try await fixture.asCaller(.operator, "admin") { client in
                _ = try await client.createServer(Self.create)
                _ = try await client.listServers(ListServersRequest())
                _ = try await client.deleteServer(Self.named("web"))
                _ = try await client.startServer(Self.named("web"))
                _ = try await client.stopServer(Self.named("web"))
                var reboot = RebootServerRequest()
                reboot.server = "web"
                reboot.hard = true
                let rebooted = try await client.rebootServer(reboot)
                #expect(rebooted.operation?.kind == .rebootHard)
                var server = ServerRequest()
                server.server = "web"
                #expect(try await client.pauseServer(server).operation?.kind == .pause)
                #expect(try await client.unpauseServer(server).operation?.kind == .unpause)
                _ = try await client.listOperations(ListOperationsRequest())
                _ = try await client.listOperationsPage(ListOperationsPageRequest())
                var operation = OperationRequest()
                operation.uuid = ObjectID.random()
                _ = try await client.getOperation(operation)
                _ = try await client.listFlavors(ListFlavorsRequest())
                _ = try await client.listImages(ListImagesRequest())
                _ = try await client.listHosts(ListHostsRequest())
                var host = HostRequest()
                host.host = "host1"
                _ = try await client.getHost(host)
            }
            #expect(
                fixture.conductor.calls.map(\.method) == [
                    "CreateInstance", "ListInstances", "DeleteInstance", "StartInstance", "StopInstance",
                    "RebootInstance", "PauseInstance", "UnpauseInstance", "ListOperations", "ListOperationsPage",
                    "GetOperation", "ListFlavors", "ListImages", "ListHosts", "GetHost",
                ])
        }
    }

    @Test func `a user lists its own servers only`() async throws {
        try await APIFixture.with { fixture in
            var all = ListServersRequest()
            all.allUsers = true
            try await fixture.asCaller(.user, "alice") { [all] client in
                let error = await failure { () throws(RPCError) in try await client.listServers(all) }
                #expect(error?.code == .permissionDenied)
                #expect(
                    error?.message
                        == "all_users is for operators; 'alice' is a user and sees its own servers")
            }
            #expect(fixture.conductor.calls.isEmpty)
            try await fixture.asCaller(.operator, "admin") { [all] in _ = try await $0.listServers(all) }
            #expect(fixture.conductor.calls.count == 1)
        }
    }

    @Test func `what is for operators is refused to users`() async throws {
        try await APIFixture.with { fixture in
            try await fixture.asCaller(.user, "alice") { client in
                let errors = [
                    await failure { () throws(RPCError) in try await client.listHosts(ListHostsRequest()) },
                    await failure { () throws(RPCError) in try await client.getHost(HostRequest()) },
                    await failure { () throws(RPCError) in try await client.updateHost(UpdateHostRequest()) },
                    await failure { () throws(RPCError) in try await client.createFlavor(CreateFlavorRequest()) },
                ]
                #expect(errors.map(\.?.code) == Array(repeating: .permissionDenied, count: 4))
            }
            #expect(fixture.conductor.calls.isEmpty)
        }
    }

    @Test func `deadline and idempotency key are handed on`() async throws {
        try await APIFixture.with { fixture in
            let key = IdempotencyKey.random()
            try await fixture.asCaller(.user, "alice") { client in
                _ = try await client.createServer(
                    Self.create, options: CallOptions(timeout: .seconds(20), idempotencyKey: key))
            }
            let call = try #require(fixture.conductor.calls.first)
            #expect(call.idempotencyKey == key)
            let remaining = try #require(call.remainingTime)
            #expect(remaining <= .seconds(19) && remaining > .seconds(10))
        }
    }

    @Test func `a conductor that is briefly unable is asked again under the same key`() async throws {
        try await APIFixture.with { fixture in
            fixture.conductor.prepare {
                $0.failures = [
                    RPCError(.unavailable, "the database is away"), RPCError(.unavailable, "the database is away"),
                ]
            }
            try await fixture.asCaller(.user, "alice") { _ = try await $0.createServer(Self.create) }
            let calls = fixture.conductor.calls
            #expect(calls.count == 3)
            #expect(Set(calls.map(\.idempotencyKey)).count == 1)
            #expect(calls.first?.idempotencyKey != nil)
        }
    }

    @Test(arguments: [
        RPCError(.notFound, "there is no flavor 'huge'; `stator flavor list` shows which there are"),
        RPCError(.failedPrecondition, "server 'web' is busy (rebooting); try again when that has ended"),
        RPCError(.resourceExhausted, "no host has room"),
    ])
    func `a conductor's refusal is passed on as it is, once`(refusal: RPCError) async throws {
        try await APIFixture.with { fixture in
            fixture.conductor.prepare { $0.failures = [refusal] }
            try await fixture.asCaller(.user, "alice") { client in
                let error = await failure { () throws(RPCError) in try await client.createServer(Self.create) }
                #expect(error?.code == refusal.code)
                #expect(error?.message == refusal.message)
            }
            #expect(fixture.conductor.calls.count == 1)
        }
    }

    @Test func `no conductor is a sentence within the caller's deadline`() async throws {
        try await APIFixture.with(conductorRuns: false) { fixture in
            try await fixture.asCaller(.user, "alice") { client in
                let error = await failure { () throws(RPCError) in
                    try await client.createServer(Self.create, options: CallOptions(timeout: .seconds(2)))
                }
                #expect(error?.code == .unavailable)
                #expect(error?.message.hasPrefix("no conductor answered: tried 127.0.0.1:") == true)
            }
        }
    }

    @Test func `the API registers itself with the conductor`() async throws {
        try await APIFixture.with { fixture in
            try await waitUntil("the API is registered") { !fixture.conductor.registrations.isEmpty }
            let service = try #require(fixture.conductor.registrations.first)
            #expect(service.binary == "stator-api")
            #expect(service.name == "api1")
            #expect(service.address == fixture.address.description)
            #expect(service.version == Release.serviceVersion)
        }
    }
}
