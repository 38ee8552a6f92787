import ComputeMessages
import StatorObjects
import StatorRPC
import StatorWire
import TestSupport
import Testing

@Suite struct ConductorRequestTests {
    static func withServers(
        _ body: @escaping @Sendable (ConductorCluster, APIClient, FakeHost) async throws -> Void
    ) async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                try await cluster.withHost(try cluster.makeHost(at: conductor)) { host in
                    try await cluster.withAPI(at: conductor) { api in
                        try await body(cluster, api, host)
                    }
                }
            }
        }
    }

    @Test func `a create repeated with its key is the first one again`() async throws {
        try await Self.withServers { cluster, api, host in
            let key = IdempotencyKey.random()
            let first = try await api.create("web", key: key)
            let second = try await api.create("web", key: key)
            #expect(second.operation?.uuid == first.operation?.uuid)
            #expect(second.instance?.uuid == first.instance?.uuid)
            _ = try await api.end(of: first)
            #expect(try await api.create("web", key: key).operation?.state == .succeeded)
            #expect(try cluster.query("SELECT count(*) FROM instances") == ["1"])
            #expect(host.directives.count == 1)
            let reused = await #expect(throws: RPCError.self) { try await api.create("other", key: key) }
            #expect(
                reused?.code == .invalidArgument || reused?.code == .alreadyExists
                    || reused?.code == .failedPrecondition)
            // Another user's key is another key.
            #expect(try await api.as("bob").create("web", key: key).operation?.uuid != first.operation?.uuid)
        }
    }

    @Test func `a stop and a delete repeated with their keys tell how the first ended`() async throws {
        try await Self.withServers { _, api, host in
            _ = try await api.end(of: try await api.create("web"))
            let stopKey = IdempotencyKey.random()
            let stop = try await api.stop("web", key: stopKey)
            _ = try await api.end(of: stop)
            #expect(try await api.stop("web", key: stopKey).operation?.uuid == stop.operation?.uuid)
            let deleteKey = IdempotencyKey.random()
            let delete = try await api.delete("web", key: deleteKey)
            _ = try await api.end(of: delete)
            let again = try await api.delete("web", key: deleteKey)
            #expect(again.operation?.uuid == delete.operation?.uuid)
            #expect(again.operation?.state == .succeeded)
            #expect(host.directives.count == 3)
        }
    }

    @Test func `a name that two servers bear is asked to be an id`() async throws {
        try await Self.withServers { _, api, _ in
            let first = try await api.create("web")
            _ = try await api.end(of: first)
            _ = try await api.end(of: try await api.create("web"))
            let refusal = await #expect(throws: RPCError.self) { try await api.get("web") }
            #expect(refusal?.code == .failedPrecondition)
            #expect(refusal?.message == "2 servers are called 'web'; say which by its id")
            let id = try #require(first.instance?.uuid)
            #expect(try await api.get(id.description).uuid == id)
        }
    }

    @Test func `what belongs to another user is not found, and an operator sees all`() async throws {
        try await Self.withServers { _, api, _ in
            let created = try await api.create("web")
            _ = try await api.end(of: created)
            let bob = api.as("bob")
            for reference in ["web", created.instance?.uuid?.description ?? ""] {
                let refusal = await #expect(throws: RPCError.self) { try await bob.get(reference) }
                #expect(refusal?.code == .notFound)
                let deletion = await #expect(throws: RPCError.self) { try await bob.delete(reference) }
                #expect(deletion?.code == .notFound)
            }
            let hidden = await #expect(throws: RPCError.self) { try await bob.operation(created.operation?.uuid) }
            #expect(hidden?.code == .notFound)
            #expect(try await api.as("admin", isOperator: true).get("web").userId == "alice")
        }
    }

    @Test func `an unknown flavor or image is named, with the way to find one`() async throws {
        try await Self.withServers { cluster, api, _ in
            let flavor = await #expect(throws: RPCError.self) { try await api.create("web", flavor: "huge") }
            #expect(flavor?.code == .notFound)
            #expect(flavor?.message == "there is no flavor 'huge'; `stator flavor list` shows which there are")
            let image = await #expect(throws: RPCError.self) { try await api.create("web", image: "plan9") }
            #expect(image?.code == .notFound)
            #expect(image?.message == "there is no image 'plan9'; `stator image list` shows which there are")
            let instances = try cluster.query("SELECT count(*) FROM instances")
            let operations = try cluster.query("SELECT count(*) FROM operations")
            #expect(instances == ["0"])
            #expect(operations == ["0"])
        }
    }

    @Test func `a request for nobody is refused`() async throws {
        try await Self.withServers { _, api, _ in
            let refusal = await #expect(throws: RPCError.self) {
                try await api.client.listInstances(ListInstancesRequest())
            }
            #expect(refusal?.code == .invalidArgument)
        }
    }

    @Test func `only an operator sees and changes hosts, and a disabled host takes nothing`() async throws {
        try await Self.withServers { _, api, _ in
            var update = UpdateHostRequest()
            update.host = "host1"
            update.disabled = true
            update.disabledReason = "disk"
            var request = ConductorUpdateHostRequest()
            request.request = update
            request.requester = api.requester
            let asUser = request
            let refusal = await #expect(throws: RPCError.self) { try await api.client.updateHost(asUser) }
            #expect(refusal?.code == .permissionDenied)
            request.requester = api.as("admin", isOperator: true).requester
            let host = try await api.client.updateHost(request).host
            #expect(host?.disabled == true)
            #expect(host?.disabledReason == "disk")
            let end = try await api.end(of: try await api.create("web"))
            #expect(end.fault?.message == "no valid host: of 1 host, 1 disabled")
        }
    }

    @Test func `lists leave out the details of faults, which are told of one at a time`() async throws {
        try await ConductorCluster.run { cluster in
            try await cluster.withConductor { conductor in
                try await cluster.withHost(try cluster.makeHost(behaviour: .hold, at: conductor)) { host in
                    try await cluster.withAPI(at: conductor) { api in
                        let create = try await api.create("web")
                        try await waitUntil("the build is at the host") { host.heldDirectives.count == 1 }
                        host.reportHeld(.failed, "no such device", details: "standard error")
                        #expect(try await api.end(of: create).fault?.details == "standard error")
                        #expect(try await api.get("web").fault?.details == "standard error")
                        let (instances, operations) = try await api.lists()
                        #expect(instances.map(\.fault?.message) == ["no such device"])
                        #expect(instances.first?.fault?.details == nil)
                        #expect(operations.map(\.fault?.message) == ["no such device"])
                        #expect(operations.first?.fault?.details == nil)
                    }
                }
            }
        }
    }
}
