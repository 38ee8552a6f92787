import Foundation
import Testing

/// Times depend on the machine, counts do not: one call at a time, each in bursts of its own.
@Suite(.serialized) struct `Counts per call` {
    /// For what does not happen once per call: a timer, an array that grows.
    private static let tolerance = 0.5

    @Test(arguments: CallLimit.all)
    func `a call takes as many allocations and system calls as the table says`(limit: CallLimit) throws {
        let counts = try CallCounts.measure(limit.arguments)
        check(counts.server.allocations, limit.serverAllocations, "the server's allocations")
        check(counts.client.allocations, limit.clientAllocations, "the client's allocations")
        check(counts.server.systemCalls, limit.systemCalls, "the server's system calls")
        check(counts.client.systemCalls, limit.systemCalls, "the client's system calls")
    }

    private func check(_ count: Double, _ limit: Double, _ what: String) {
        let shown = String(format: "%.2f", count)
        #expect(count <= limit + Self.tolerance, "\(what) may be \(limit) per call and are \(shown)")
    }
}
