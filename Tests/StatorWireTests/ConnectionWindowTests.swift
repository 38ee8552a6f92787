import StatorWire
import Testing

/// The connection's credit: taken by every message, and never lost.
@Suite struct ConnectionWindowTests {
    private static let window = WireLimits.initialConnectionWindow

    /// What the peer may send, what is to be granted and what waits for consumers are always the window.
    private func expectBalanced(_ side: Side, _ location: SourceLocation = #_sourceLocation) {
        let accounts = side.accounts
        let sum = accounts.receiveCredit + accounts.returnedCredit + accounts.heldCredit
        #expect(sum == Self.window, sourceLocation: location)
    }

    private func expectAtRest(_ side: Side, _ location: SourceLocation = #_sourceLocation) {
        expectBalanced(side, location)
        #expect(side.accounts.heldCredit == 0, sourceLocation: location)
    }

    @Test func `first messages and last responses count as consumed when they come`() throws {
        let (client, server) = try Side.connected()
        for call in 0..<200 {
            let id = StreamID(UInt32(2 * call + 1))
            #expect(client.open(pattern(10_000)) == .opened(id))
            server.receive(client.take())
            #expect(server.respond(id, pattern(10_000), endsStream: true) == .sent)
            client.receive(server.take())
            expectAtRest(client)
            expectAtRest(server)
        }
    }

    @Test func `credit comes back over 100,000 calls`() throws {
        let (client, server) = try Side.connected()
        var random = ViolationTests.Random(state: 1)
        for call in 0..<100_000 {
            let length = Int.random(in: 0...300, using: &random)
            guard case .opened(let id) = client.open(pattern(length)) else {
                Issue.record("call \(call) was not opened")
                return
            }
            server.receive(client.take())
            switch call % 4 {
            case 0: server.wire.finish(id, CallStatus(.aborted))
            case 1: client.wire.cancel(id)
            default: _ = server.respond(id, pattern(length), endsStream: true)
            }
            client.receive(server.take())
            server.receive(client.take())
        }
        expectAtRest(client)
        expectAtRest(server)
        #expect(client.accounts.sendCredit > Self.window / 4)
        // What one side may send is what the other expects.
        #expect(client.accounts.sendCredit == server.accounts.receiveCredit)
        #expect(server.accounts.sendCredit == client.accounts.receiveCredit)
        #expect(client.openedStreamCount == 0)
    }

    @Test func `what waits for a consumer withholds credit, and what is consumed gives it back`() throws {
        let (client, server) = try Side.connected()
        _ = client.open()
        server.receive(client.take())
        let one = StreamID(1)
        #expect(server.respond(one, pattern(10_000), endsStream: false) == .sent)
        client.receive(server.take())
        #expect(client.accounts.heldCredit == 10_012)
        expectBalanced(client)
        client.wire.consumed(one, length: 10_000)
        expectAtRest(client)
    }

    @Test func `a stream that ends gives back what nobody consumed`() throws {
        for end in 0..<3 {
            let (client, server) = try Side.connected()
            _ = client.open(endsStream: false)
            let one = StreamID(1)
            for _ in 0..<5 { _ = try client.request(one, pattern(9_000), endsStream: false) }
            server.receive(client.take())
            #expect(server.accounts.heldCredit == 5 * 9_012)
            switch end {
            case 0: server.receive(Bytes.cancel(1))
            case 1: server.wire.finish(one, CallStatus(.aborted))
            default: _ = server.respond(one, [], endsStream: true)
            }
            expectAtRest(server)
            // Late frames, and a consumer that comes too late, change nothing.
            server.receive(Bytes.message(1, pattern(9_000)) + Bytes.message(1, [1], flags: 1))
            server.wire.consumed(one, length: 9_000)
            expectAtRest(server)
        }
    }

    @Test func `a message that waits withholds no more than a bounded part of its length`() throws {
        let (client, server) = try Side.connected()
        let long = pattern(WireLimits.messageLengthMax)
        var messages = 0
        for call in 0..<4 {
            _ = client.open()
            server.receive(client.take())
            #expect(server.respond(StreamID(UInt32(2 * call + 1)), long, endsStream: false) == .sent)
            while server.hasOutbound {
                for event in client.receive(server.takeOnce()) {
                    if case .responseMessage = event { messages += 1 }
                }
                server.receive(client.take())
            }
            expectBalanced(client)
        }
        #expect(messages == 4)
        #expect(client.accounts.heldCredit == 4 * (WireLimits.messageHoldMax + 12))
        // Four slow readers leave others room.
        _ = client.open()
        server.receive(client.take())
        #expect(server.respond(StreamID(9), [1], endsStream: true) == .sent)
        for call in 0..<4 { client.wire.consumed(StreamID(UInt32(2 * call + 1)), length: long.count) }
        expectAtRest(client)
    }

    @Test func `a sender stops when the connection's credit is used up, and is told when there is more`() throws {
        let (client, server) = try Side.connected()
        for _ in 0..<12 { _ = client.open() }
        server.receive(client.take())
        let quarter = pattern(250_000)
        for stream in [1, 3, 5, 7] {
            #expect(server.respond(StreamID(UInt32(stream)), quarter, endsStream: false) == .sent)
            client.receive(server.take())
            server.receive(client.take())
        }
        // Each withholds 128 KiB: half of the window is left, and goes in short messages.
        #expect(client.accounts.heldCredit == 4 * (WireLimits.messageHoldMax + 12))
        let short = pattern(16_000)
        for stream in [9, 11, 13, 15, 17] {
            for _ in 0..<16 { _ = server.respond(StreamID(UInt32(stream)), short, endsStream: false) }
            client.receive(server.take())
            server.receive(client.take())
        }
        let last = StreamID(19)
        #expect(server.respond(last, short, endsStream: false) == .noRoom)
        #expect(!server.hasRoom())
        #expect(server.canRespond(last))
        // What is left is for calls of priority.
        #expect(server.hasRoom(isPriority: true))
        server.wire.prioritize(last)
        #expect(server.respond(last, [1], endsStream: false) == .sent)
        client.receive(server.take())
        for stream in [1, 3, 5, 7] { client.wire.consumed(StreamID(UInt32(stream)), length: quarter.count) }
        for stream in [9, 11, 13, 15, 17] {
            for _ in 0..<16 { client.wire.consumed(StreamID(UInt32(stream)), length: short.count) }
        }
        expectBalanced(client)
        let events = server.receive(client.take())
        #expect(events.contains(.writable(.connection)))
        #expect(server.hasRoom())
    }

    @Test func `messages of refused and of ignored calls are given back`() throws {
        let server = try Side.connected().acceptor
        var stream: UInt32 = 1
        for _ in 0..<WireLimits.streamsMax + WireLimits.priorityStreamsMax {
            server.receive(Bytes.open(stream, []))
            stream += 2
        }
        for _ in 0..<200 {
            server.receive(Bytes.open(stream, pattern(16_000)))
            server.receive(Bytes.open(stream + 2, pattern(16_000), flags: 1))
            server.receive(Bytes.message(stream + 2, pattern(9_000)))
            stream += 4
            _ = server.take()
        }
        server.wire.drain("restart")
        server.receive(Bytes.pong(1))
        for _ in 0..<200 {
            server.receive(Bytes.open(stream, pattern(16_000)))
            stream += 2
            _ = server.take()
        }
        #expect(server.close == nil)
        expectAtRest(server)
    }

    @Test func `who consumes more than came is granted no more than that`() throws {
        let (client, server) = try Side.connected()
        _ = client.open()
        server.receive(client.take())
        #expect(server.respond(StreamID(1), pattern(200_000), endsStream: false) == .sent)
        client.receive(server.take())
        for _ in 0..<5 { client.wire.consumed(StreamID(1), length: 1_000_000) }
        expectAtRest(client)
        let windows = Bytes.headers(client.take()).filter { $0.type == 8 && $0.stream == 1 }
        #expect(windows.count == 1)
        #expect(server.receive(Bytes.window(1, 1)) == [])
    }

    @Test func `an empty OPEN needs no credit, its message does`() throws {
        let server = try Side.connected().acceptor
        #expect(server.receive(Bytes.open(1, [], flags: 1)) == [])
        #expect(server.accounts.receiveCredit == Self.window)
        #expect(
            server.receive(Bytes.message(1, [5, 6], flags: 2))
                == [.opened(StreamID(1), CallHeader(method: 5), [5, 6], deadline: nil, endsStream: true)])
        #expect(server.accounts.receiveCredit == Self.window - 14)
    }
}
