import ComputeMessages
import StatorObjects
import StatorRPC
import StatorWire
import Testing

@Suite struct StreamTests {
    private static func states(of id: ObjectID, _ client: ComputeClient) async throws -> [OperationState?] {
        var request = WatchOperationRequest()
        request.uuid = id
        var states: [OperationState?] = []
        for try await response in try await client.watchOperation(request) {
            states.append(response.operation?.state)
        }
        return states
    }

    @Test func `a watch is passed on until the operation has ended`() async throws {
        try await APIFixture.with { fixture in
            fixture.conductor.prepare { $0.watches = [[.queued, .running, .succeeded]] }
            try await fixture.asCaller(.user, "alice") { client in
                let states = try await Self.states(of: .random(), client)
                #expect(states == [.queued, .running, .succeeded])
            }
        }
    }

    @Test func `a watch that breaks goes on at a conductor without repeating itself`() async throws {
        try await APIFixture.with { fixture in
            fixture.conductor.prepare { $0.watches = [[.queued, .running], [.running], [.running, .failed]] }
            try await fixture.asCaller(.user, "alice") { client in
                let states = try await Self.states(of: .random(), client)
                #expect(states == [.queued, .running, .failed])
            }
            #expect(fixture.conductor.calls.map(\.method) == Array(repeating: "WatchOperation", count: 3))
        }
    }

    @Test func `a watch of nothing is refused`() async throws {
        try await APIFixture.with { fixture in
            try await fixture.asCaller(.user, "alice") { client in
                let error = await #expect(throws: RPCError.self) {
                    for try await _ in try await client.watchOperation(WatchOperationRequest()) {}
                }
                #expect(error?.code == .invalidArgument)
                #expect(error?.message == "uuid is missing; give the operation's id")
            }
        }
    }

    @Test func `console output arrives in its parts, whatever bytes they are`() async throws {
        try await APIFixture.with { fixture in
            let large = [UInt8](repeating: 0xFE, count: 65_536)
            fixture.conductor.prepare { $0.consoleParts = [[0, 0xFF, 10], large, large, [0x1B]] }
            try await fixture.asCaller(.user, "alice") { client in
                var request = GetConsoleOutputRequest()
                request.server = "web"
                request.lengthMax = 1_048_576
                var parts: [[UInt8]] = []
                for try await part in try await client.getConsoleOutput(request) { parts.append(part.data ?? []) }
                #expect(parts == [[0, 0xFF, 10], large, large, [0x1B]])
            }
        }
    }

    @Test func `a console that cannot be read is an error and not an empty one`() async throws {
        try await APIFixture.with { fixture in
            fixture.conductor.prepare { $0.failures = [RPCError(.notFound, "there is no server 'web'")] }
            try await fixture.asCaller(.user, "alice") { client in
                var request = GetConsoleOutputRequest()
                request.server = "web"
                let error = await #expect(throws: RPCError.self) {
                    for try await _ in try await client.getConsoleOutput(request) {}
                }
                #expect(error?.code == .notFound)
            }
        }
    }

    @Test func `a user who watches without end leaves room for the others`() async throws {
        try await APIFixture.with { fixture in
            // The conductor's watches end at once, so the API keeps opening them again.
            try await fixture.asCaller(.user, "alice") { alice in
                try await withThrowingTaskGroup(of: StatusCode?.self) { group in
                    for _ in 0..<300 {
                        group.addTask {
                            do {
                                _ = try await Self.states(of: .random(), alice)
                                return nil
                            } catch let error as RPCError {
                                return error.code
                            }
                        }
                    }
                    let firstEnd = try await group.next()
                    #expect(firstEnd == .resourceExhausted)
                    try await fixture.asCaller(.user, "bob") { bob in
                        var request = ServerRequest()
                        request.server = "web"
                        _ = try await bob.getServer(request)
                    }
                    group.cancelAll()
                    while let end = await group.nextResult() { _ = try? end.get() }
                }
            }
        }
    }
}
