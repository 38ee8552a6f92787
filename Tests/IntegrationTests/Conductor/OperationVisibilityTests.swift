import ComputeMessages
import StatorObjects
import StatorRPC
import StatorWire
import TestSupport
import Testing

@Suite struct OperationVisibilityTests {
    @Test func `who is handed an operator's delete of the own server may watch it`() async throws {
        try await ConductorRequestTests.withServers { _, api, host in
            let created = try await api.create("web")
            _ = try await api.end(of: created)
            let server = try #require(created.instance?.uuid)
            host.become(.hold)
            let first = try await api.as("admin", isOperator: true).delete(server.description)
            try await waitUntil("the host has the directive") { !host.heldDirectives.isEmpty }
            let second = try await api.delete("web")
            #expect(second.operation?.uuid == first.operation?.uuid)
            #expect(try await api.operation(second.operation?.uuid).userId == "admin")
            let hidden = await #expect(throws: RPCError.self) {
                try await api.as("bob").operation(second.operation?.uuid)
            }
            #expect(hidden?.code == .notFound)
            host.reportHeld()
            #expect(try await api.end(of: second).state == .succeeded)
        }
    }
}
