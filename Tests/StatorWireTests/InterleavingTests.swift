import StatorWire
import Testing

/// Messages that are longer than a frame, and what goes on beside them.
@Suite struct InterleavingTests {
    private let one = StreamID(1)
    private let three = StreamID(3)
    private static let frame = WireLimits.framePayloadLengthMax

    /// A server with so many calls to answer.
    private static func server(calls: Int) throws -> Side {
        let server = try Side.connected().acceptor
        for call in 0..<calls { server.receive(Bytes.open(UInt32(2 * call + 1), [])) }
        return server
    }

    @Test func `a short message waits behind one chunk of a long one at most`() throws {
        let server = try Self.server(calls: 2)
        #expect(server.respond(one, pattern(1_000_000), endsStream: true) == .sent)
        var sent = Bytes.headers(server.takeOnce())
        #expect(sent.count == 1)
        // Whenever it comes, the next thing out is the short message.
        server.wire.fillOutbound()
        #expect(server.respond(three, [7], endsStream: true) == .sent)
        sent = Bytes.headers(server.takeOnce())
        #expect(sent.map(\.stream) == [1, 3])
        #expect(server.accounts.outboundBytes == 0)
    }

    @Test func `nothing is added while a whole frame waits`() throws {
        let server = try Self.server(calls: 1)
        #expect(server.respond(one, pattern(100_000), endsStream: true) == .sent)
        for _ in 0..<3 {
            server.wire.fillOutbound()
            #expect(server.accounts.outboundBytes == WireLimits.frameLengthMax)
        }
        _ = server.takeOnce(1)
        server.wire.fillOutbound()
        #expect(server.accounts.outboundBytes < 2 * WireLimits.frameLengthMax)
    }

    @Test func `long messages take turns, four at a time, and each arrives whole`() throws {
        let (client, server) = try Side.connected()
        let messages = (0..<10).map { pattern(200_000 + $0, seed: $0) }
        for _ in messages { _ = client.open() }
        server.receive(client.take())
        var results: [WireConnection.OnSend] = []
        for (index, message) in messages.enumerated() {
            if !server.hasRoom() { break }
            results.append(server.respond(StreamID(UInt32(2 * index + 1)), message, endsStream: true))
        }
        #expect(results == Array(repeating: .sent, count: 6))
        let bytes = server.take()
        let frames = Bytes.headers(bytes)
        #expect(frames.prefix(8).map(\.stream) == [1, 3, 5, 7, 1, 3, 5, 7])
        #expect(mostUnderWay(frames) == WireLimits.longMessagesMax)
        let events = client.receive(bytes)
        #expect(events.count == 6)
        for event in events {
            guard case .responseMessage(let id, .assembled(let message), true) = event else {
                Issue.record("\(event)")
                continue
            }
            #expect(message == messages[Int(id.rawValue / 2)])
        }
    }

    private func mostUnderWay(_ frames: [Bytes.Header]) -> Int {
        var underWay: Set<UInt32> = []
        var most = 0
        for frame in frames where frame.type == 5 {
            if frame.flags & 1 == 1 { underWay.insert(frame.stream) } else { underWay.remove(frame.stream) }
            most = max(most, underWay.count)
        }
        return most
    }

    @Test func `what comes behind a long message on its stream stays behind it`() throws {
        let (client, server) = try Side.connected()
        _ = client.open()
        server.receive(client.take())
        let long = pattern(60_000)
        #expect(server.respond(one, [1], endsStream: false) == .sent)
        #expect(server.respond(one, long, endsStream: false) == .sent)
        #expect(server.respond(one, [2], endsStream: false) == .sent)
        server.wire.finish(one, CallStatus(.ok, "done"))
        // For its owner the stream is over.
        #expect(server.respond(one, [3], endsStream: false) == .streamEnded)
        server.wire.finish(one, CallStatus(.internal))
        #expect(server.acceptedStreamCount == 1)
        #expect(
            client.receive(server.take()) == [
                .responseMessage(one, [1], endsStream: false),
                .responseMessage(one, .assembled(long), endsStream: false),
                .responseMessage(one, [2], endsStream: false), .status(one, CallStatus(.ok, "done")),
            ])
        #expect(server.acceptedStreamCount == 0)
    }

    @Test func `an error drops what waits, and the receiver what has come`() throws {
        let (client, server) = try Side.connected()
        _ = client.open()
        server.receive(client.take())
        #expect(server.respond(one, pattern(60_000), endsStream: false) == .sent)
        #expect(client.receive(server.takeOnce()) == [])
        #expect(client.accounts.assemblyCount == 1)
        server.wire.finish(one, CallStatus(.aborted, "no"))
        #expect(client.receive(server.take()) == [.status(one, CallStatus(.aborted, "no"))])
        #expect(client.accounts.assembledBytes == 0)
        #expect(server.accounts.queuedBytes == 0)
        #expect(!server.hasOutbound)
    }

    @Test func `requests wait in the same way, the end of the request behind them`() throws {
        let (client, server) = try Side.connected()
        _ = client.open(nil, endsStream: false)
        let long = pattern(40_000)
        #expect(try client.request(one, long, endsStream: false) == .sent)
        #expect(try client.request(one, [1], endsStream: false) == .sent)
        #expect(try client.request(one, nil, endsStream: true) == .sent)
        #expect(
            server.receive(client.take()) == [
                .opened(one, CallHeader(method: 5), nil, deadline: nil, endsStream: false),
                .requestMessage(one, .assembled(long), endsStream: false),
                .requestMessage(one, [1], endsStream: false), .requestMessage(one, nil, endsStream: true),
            ])
    }

    @Test func `calls with long messages are opened in the order of their numbers`() throws {
        let (client, server) = try Side.connected()
        let long = pattern(100_000)
        for _ in 0..<6 { _ = client.open(long) }
        #expect(client.open([9]) == .opened(StreamID(13)))
        let bytes = client.take()
        // The short call does not wait for the long ones.
        #expect(Bytes.headers(bytes).prefix(7).map(\.stream) == [1, 3, 5, 7, 9, 11, 13])
        let events = server.receive(bytes)
        #expect(
            events.first == .opened(StreamID(13), CallHeader(method: 5), [9], deadline: nil, endsStream: true))
        #expect(events.count == 7)
        #expect(mostUnderWay(Bytes.headers(bytes)) == WireLimits.longMessagesMax)
    }

    @Test func `a cancelled call's message stops, and makes way for the next`() throws {
        let (client, server) = try Side.connected()
        let long = pattern(100_000)
        for _ in 0..<5 { _ = client.open(long) }
        for _ in 0..<4 { #expect(server.receive(client.takeOnce()) == []) }
        #expect(server.accounts.assemblyCount == 4)
        client.wire.cancel(one)
        #expect(server.receive(client.take()).count == 4)
        #expect(server.close == nil)
        #expect(server.accounts.assemblyCount == 0)
    }

    @Test func `the refused streams of GOAWAY stop sending`() throws {
        let client = try Side.connected().dialler
        for _ in 0..<2 { _ = client.open(pattern(100_000)) }
        _ = client.takeOnce()
        client.receive(Bytes.goAway(last: 1, 0))
        let frames = Bytes.headers(client.take())
        #expect(frames.allSatisfy { $0.stream == 1 })
        #expect(client.openedStreamCount == 1)
    }

    @Test func `draining waits for messages that are queued`() throws {
        let (client, server) = try Side.connected()
        _ = client.open()
        server.receive(client.take())
        let long = pattern(300_000)
        #expect(server.respond(one, long, endsStream: true) == .sent)
        server.wire.drain("restart")
        #expect(server.events() == [])
        let first = server.takeOnce()
        #expect(server.receive(Bytes.pong(1)) == [])
        let rest = server.take()
        #expect(server.events() == [.drained])
        let goAway = GoAway(lastStream: GoAway.allStreams, code: .drain, text: "restart")
        #expect(
            client.receive(first + rest) == [
                .goingAway(goAway, refused: []), .responseMessage(one, .assembled(long), endsStream: true), .drained,
            ])
    }

    @Test func `the deadline of a call whose long response waits ends it`() throws {
        let (client, server) = try Side.connected()
        server.now = client.now
        _ = client.open(timeout: .seconds(1))
        server.receive(client.take())
        #expect(server.respond(one, pattern(300_000), endsStream: true) == .sent)
        _ = server.takeOnce()
        // Its owner is done with it and hears nothing.
        #expect(server.advance(by: .seconds(1)) == [])
        #expect(server.take() == Bytes.status(1, 4, "the call's deadline passed"))
        #expect(server.acceptedStreamCount == 0)
    }

    @Test func `messages of the longest kind on many streams both ways come through`() throws {
        let (client, server) = try Side.connected()
        let long = pattern(WireLimits.messageLengthMax)
        var (arrived, answered) = (0, 0)
        var toOpen = 12
        for _ in 0..<100_000 where answered < 12 {
            if toOpen > 0, case .opened = client.open(long) { toOpen -= 1 }
            _ = server.receive(client.takeOnce(50_000)) { event in
                guard case .opened(let id, _, let message, _, _) = event else { return }
                #expect(message?.byteCount == long.count)
                arrived += 1
                // When there is no room the call ends otherwise: what is looked at is that nothing stands still.
                if server.respond(id, long, endsStream: true) != .sent { server.wire.finish(id, CallStatus(.aborted)) }
            }
            _ = client.receive(server.takeOnce(50_000)) { event in
                switch event {
                case .responseMessage, .status: answered += 1
                case .writable: break
                default: Issue.record("\(event)")
                }
            }
        }
        #expect(arrived == 12)
        #expect(answered == 12)
    }

    @Test func `room counts what is queued, and calls of priority have more of it`() throws {
        let server = try Self.server(calls: 30)
        server.wire.prioritize(StreamID(9))
        for stream in [1, 3, 5, 7] {
            #expect(server.respond(StreamID(UInt32(stream)), pattern(262_144), endsStream: true) == .sent)
        }
        #expect(!server.hasRoom())
        #expect(server.hasRoom(isPriority: true))
        #expect(server.respond(StreamID(11), [1], endsStream: true) == .noRoom)
        #expect(server.respond(StreamID(9), pattern(WireLimits.priorityRoom), endsStream: false) == .sent)
        #expect(server.respond(StreamID(9), [1], endsStream: true) == .noRoom)
        #expect(server.open(isPriority: false) == .noRoom)
    }

    @Test func `a message that waits is not begun while the connection's credit is used up`() throws {
        let server = try Self.server(calls: 40)
        for stream in [1, 3, 5, 7, 9] {
            #expect(server.respond(StreamID(UInt32(stream)), pattern(200_000), endsStream: true) == .sent)
        }
        // Calls of priority use up what the long messages that are under way leave.
        var frames = Bytes.headers(server.takeOnce())
        for stream in stride(from: 11, to: 80, by: 2) {
            let id = StreamID(UInt32(stream))
            server.wire.prioritize(id)
            _ = server.respond(id, pattern(16_000), endsStream: false)
            frames += Bytes.headers(server.takeOnce())
        }
        frames += Bytes.headers(server.take())
        #expect(server.accounts.sendCredit <= 0)
        #expect(Set(frames.map(\.stream)).isSuperset(of: [1, 3, 5, 7]))
        #expect(!frames.contains { $0.stream == 9 })
        #expect(server.hasOutbound)
        server.receive(Bytes.window(0, 500_000))
        #expect(Bytes.headers(server.take()).filter { $0.stream == 9 }.count == 13)
        #expect(!server.hasOutbound)
    }
}
