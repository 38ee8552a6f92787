import StatorWire
import Testing

/// Streams that are kept for calls of priority, and streams whose numbers meet in the table.
@Suite struct StreamNumberTests {
    @Test func `above the ordinary streams only calls of priority are opened`() throws {
        let (client, server) = try Side.connected()
        for _ in 0..<WireLimits.streamsMax { _ = client.open([]) }
        #expect(client.open([]) == .tooManyStreams)
        guard case .opened(let id) = client.open([7], isPriority: true) else {
            Issue.record("no room for a call of priority")
            return
        }
        server.receive(client.take())
        #expect(server.acceptedStreamCount == WireLimits.streamsMax + 1)
        #expect(server.respond(id, [8], endsStream: true) == .sent)
        #expect(client.receive(server.take()) == [.responseMessage(id, [8], endsStream: true)])
    }

    /// Opens, cancels and asks for streams in an order from a seed, beside a set that knows the truth.
    @Test(arguments: 1...20)
    func `no stream is lost or doubled, whatever their numbers`(_ seed: UInt64) throws {
        var random = ViolationTests.Random(state: seed)
        let server = try Side.connected().acceptor
        let step: UInt32 = [2, 32, 64, 2_048, 1 << 17][Int(seed % 5)]
        var last: UInt32 = 1
        var live: [UInt32] = []
        for _ in 0..<3_000 {
            if live.count < 900, live.isEmpty || Int.random(in: 0..<5, using: &random) < 3 {
                last += step * UInt32.random(in: 1...3, using: &random)
                #expect(server.receive(Bytes.open(last, [])).count == 1)
                live.append(last)
            } else {
                let index = Int.random(in: 0..<live.count, using: &random)
                let id = live.remove(at: index)
                if Bool.random(using: &random) {
                    #expect(server.receive(Bytes.cancel(id)) == [.cancelled(StreamID(id))])
                } else {
                    #expect(server.respond(StreamID(id), [1], endsStream: true) == .sent)
                }
                #expect(server.respond(StreamID(id), [1], endsStream: true) == .streamEnded)
            }
            #expect(server.acceptedStreamCount == live.count)
        }
        _ = server.take()
        for id in live { #expect(server.respond(StreamID(id), [1], endsStream: true) == .sent) }
        #expect(server.acceptedStreamCount == 0)
        let frames = Bytes.headers(server.take())
        #expect(frames.map(\.stream) == live)
    }
}
