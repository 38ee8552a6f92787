import ComputeMessages
import RPCTestService
import StatorRPC
import StatorReactor
import TestSupport
import Testing

/// A caller that does not read its stream stops that stream only.
@Suite(.serialized) struct SlowReaderTests {
    private static let duration: Duration = .milliseconds(
        Scale.count("STATOR_RPC_SLOW_MILLISECONDS", short: 1_500, full: 30_000))
    private static let rounds = Scale.isFull ? 3 : 1
    /// Of the streams that are not read.
    private static let connectionsCount = 16

    @Test func `calls beside a stream that is not read take no longer`() async throws {
        let server = try await ServerProcess.start()
        try await Clients.with { clients in
            try await clients.withChannels(2, to: [server.address]) { channels in
                _ = try await measure(channels[0], callers: 4, for: .milliseconds(300), on: clients)
                var (alone, beside) = (Latencies(), Latencies())
                for _ in 0..<Self.rounds {
                    alone.add(try await measureBoth(channels, clients))
                    let stream = try await openUnread(channels[0])
                    beside.add(try await measureBoth(channels, clients))
                    withExtendedLifetime(stream) {}
                }
                report("slow reader: without \(alone.summary); with \(beside.summary)")
                #expect(beside.all.count > 100)
                if Scale.isFull { #expect(beside.share(0.99) <= alone.share(0.99) * 1.5) }
            }
        }
        try await server.drain()
    }

    private func measureBoth(_ channels: [Channel], _ clients: Clients) async throws -> Latencies {
        async let same = measure(channels[0], callers: 4, for: Self.duration, on: clients)
        async let other = measure(channels[1], callers: 4, for: Self.duration, on: clients)
        var latencies = try await same
        latencies.add(try await other)
        return latencies
    }

    /// Begins, takes the first chunk, and no more.
    private func openUnread(_ channel: Channel) async throws -> ResponseStream<ListServersResponse>.Iterator {
        let stream: ResponseStream<ListServersResponse> = try await channel.serverStreaming(
            TestMethods.bulk, makeRequest("bulk"), options: CallOptions(timeout: nil))
        var iterator = stream.makeAsyncIterator()
        let first = try await iterator.next()
        #expect(first?.instances.count == 4)
        return iterator
    }

    @Test func `what waits for callers that do not read is bounded`() async throws {
        let server = try await ServerProcess.start()
        try await Clients.with { clients in
            try await clients.withChannels(Self.connectionsCount, to: [server.address]) { channels in
                for channel in channels { _ = try await channel.echo("begin") }
                let before = try server.residentKiB
                var streams: [ResponseStream<ListServersResponse>.Iterator] = []
                for channel in channels { streams.append(try await openUnread(channel)) }
                // Whatever would grow without bound does so in this time.
                _ = try await measure(channels[0], callers: 1, for: Self.duration, on: clients)
                let growth = try server.residentKiB - before
                report(
                    "slow reader: \(growth) KiB of the server for \(streams.count) streams that are not read, "
                        + "\(growth / streams.count) each")
                // The chunk that waits for credit, what waits outbound up to its high mark, and the allocator's own.
                #expect(growth < streams.count * 2048 + 8192)
            }
        }
        try await server.drain()
    }
}
