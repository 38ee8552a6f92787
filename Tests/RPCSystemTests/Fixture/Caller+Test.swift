import ComputeMessages
import RPCTestService
import StatorRPC
import StatorReactor
import StatorWire
import TestSupport

extension Caller {
    func echo(_ text: String, _ method: MethodDescriptor = TestMethods.echo) async throws(RPCError) -> String? {
        let response: ServerResponse = try await unary(method, makeRequest(text), options: CallOptions())
        return response.instance?.displayName
    }
}

/// The error that the call ends with; not to be called inside `#expect`.
func failure(_ call: () async throws -> some Any) async throws -> RPCError {
    do {
        _ = try await call()
    } catch let error as RPCError {
        return error
    }
    throw TestSupportError("the call succeeded")
}

/// What calls one after the other take, made by some callers at a time until the time is up.
func measure(
    _ channel: Channel, callers: Int, for duration: Duration, on clients: Clients
) async throws -> Latencies {
    let deadline = ContinuousClock.now.advanced(by: duration)
    return try await withThrowingTaskGroup(of: Latencies.self) { group in
        for _ in 0..<callers {
            group.addTask(executorPreference: clients.loop) {
                var latencies = Latencies()
                while ContinuousClock.now < deadline {
                    let begin = ContinuousClock.now
                    _ = try await channel.echo("beside")
                    latencies.add(begin.duration(to: .now))
                    // Leaves the loop some time of its own, so that what is measured is not its queue.
                    try await clients.loop.sleep(for: .milliseconds(1))
                }
                return latencies
            }
        }
        var all = Latencies()
        for try await latencies in group { all.add(latencies) }
        return all
    }
}
