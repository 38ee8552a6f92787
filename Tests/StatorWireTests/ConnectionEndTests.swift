import StatorWire
import Testing

@Suite struct ConnectionEndTests {
    private let one = StreamID(1)

    private static let goAway = GoAway(lastStream: GoAway.allStreams, code: .drain, text: "restart")

    @Test func `draining finishes what runs and starts nothing new`() throws {
        let (client, server) = try Side.connected()
        _ = client.open()
        server.receive(client.take())
        server.wire.drain("restart")
        server.wire.drain("restart")
        #expect(server.events() == [])
        #expect(server.open() == .goingAway)
        #expect(client.receive(server.take()) == [.goingAway(Self.goAway, refused: [])])
        #expect(client.open() == .goingAway)
        #expect(server.respond(one, [1], endsStream: true) == .sent)
        #expect(server.events() == [])
        #expect(client.receive(server.take()) == [.responseMessage(one, [1], endsStream: true), .drained])
        #expect(server.receive(client.take()) == [.drained])
        #expect(server.take() == Bytes.goAway(last: 1, 0, "restart"))
    }

    @Test func `calls that cross the announcement of a drain are served`() throws {
        let (client, server) = try Side.connected()
        server.wire.drain("restart")
        #expect(client.open(nil, endsStream: false) == .opened(one))
        let crossing = client.take()
        #expect(client.receive(server.take()) == [.goingAway(Self.goAway, refused: [])])
        #expect(try client.request(one, [5], endsStream: true) == .sent)
        #expect(
            server.receive(crossing + client.take()) == [
                .opened(one, CallHeader(method: 5), nil, deadline: nil, endsStream: false),
                .requestMessage(one, [5], endsStream: true),
            ])
        // The true last stream is news to nobody.
        #expect(server.takeOnce() == Bytes.goAway(last: 1, 0, "restart"))
        #expect(client.receive(Bytes.goAway(last: 1, 0, "restart")) == [])
        #expect(server.respond(one, [6], endsStream: true) == .sent)
        #expect(server.events() == [.drained])
        #expect(client.receive(server.take()) == [.responseMessage(one, [6], endsStream: true), .drained])
    }

    @Test func `calls that come after the last GOAWAY are known not to have begun`() throws {
        let (client, server) = try Side.connected()
        _ = client.open()
        server.receive(client.take())
        server.wire.drain("restart")
        // The announcement is lost on this peer, which answers its PING all the same.
        server.receive(Bytes.pong(1))
        let bytes = server.take()
        let goAway = Bytes.goAway(last: 1, 0, "restart")
        #expect(Array(bytes.suffix(goAway.count)) == goAway)
        _ = client.open()
        let crossing = client.take()
        #expect(
            client.receive(goAway)
                == [.goingAway(GoAway(lastStream: one, code: .drain, text: "restart"), refused: [StreamID(3)])])
        #expect(server.receive(crossing + Bytes.message(3, [1]) + Bytes.cancel(3)) == [])
        #expect(server.close == nil)
    }

    @Test func `the drain of an idle connection takes one round trip`() throws {
        let (client, server) = try Side.connected()
        server.wire.drain("restart")
        #expect(server.events() == [])
        #expect(client.receive(server.take()) == [.goingAway(Self.goAway, refused: []), .drained])
        #expect(server.receive(client.take()) == [.drained])
    }

    @Test func `a drain does not wait for ever for its PONG`() throws {
        let server = try Side.connected().acceptor
        server.wire.drain("restart")
        server.receive(Bytes.open(1, []))
        _ = server.take()
        #expect(server.wakeUp == server.now.advanced(by: .seconds(10)))
        #expect(server.respond(one, [], endsStream: true) == .sent)
        _ = server.take()
        server.now = server.now.advanced(by: .seconds(9))
        server.receive(Bytes.ping(1))
        _ = server.take()
        #expect(server.advance(by: .seconds(1)) == [.drained])
        #expect(server.take() == Bytes.goAway(last: 1, 0, "restart"))
    }

    @Test func `both sides may drain at once`() throws {
        let (client, server) = try Side.connected()
        _ = client.open()
        _ = server.open()
        client.wire.drain("restart")
        server.wire.drain("restart")
        let (one, two) = (client.take(), server.take())
        #expect(client.receive(two).count == 2)
        #expect(server.receive(one).count == 2)
        #expect(client.respond(StreamID(2), [], endsStream: true) == .sent)
        #expect(server.respond(StreamID(1), [], endsStream: true) == .sent)
        var drained = 0
        for _ in 0..<3 {
            for event in client.receive(server.take()) + server.receive(client.take()) where event == .drained {
                drained += 1
            }
        }
        #expect(drained == 2)
    }

    @Test func `any byte from the peer is a sign of life`() throws {
        let side = try Side.connected().dialler
        _ = side.advance(by: .seconds(15))
        _ = side.advance(by: .seconds(9))
        side.receive(Bytes.pong(1))
        #expect(side.advance(by: .seconds(14)) == [])
        #expect(side.close == nil)
        _ = side.advance(by: .seconds(1))
        _ = side.advance(by: .seconds(10))
        #expect(side.close == WireClose(cause: .violation, code: .timeout, text: "the peer does not answer"))
    }

    @Test func `the end of input closes without a word`() throws {
        let side = try Side.connected().dialler
        side.wire.endOfInput()
        side.wire.endOfInput()
        #expect(side.events().count == 1)
        #expect(side.take() == [])
        #expect(side.wakeUp == nil)
    }

    @Test func `after closing nothing is sent or taken`() throws {
        let side = try Side.connected().acceptor
        side.receive(Bytes.open(1, []))
        side.wire.close(.unavailable, "over")
        side.wire.close(.unavailable, "again")
        #expect(side.events() == [.closed(WireClose(cause: .local, code: .unavailable, text: "over"))])
        #expect(side.take() == Bytes.goAway(last: 1, 5, "over"))
        #expect(side.respond(one, [], endsStream: true) == .streamEnded)
        side.wire.finish(one, CallStatus(.ok))
        side.wire.consumed(one, length: 9)
        #expect(side.open() == .goingAway)
        #expect(side.receive(Bytes.ping(1)) == [])
        #expect(side.take() == [])
    }

    @Test func `long texts are cut at a character`() throws {
        let side = try Side.connected().acceptor
        side.wire.close(.unavailable, String(repeating: "é", count: 2_000))
        #expect(side.take().count == 12 + 5 + 1_024)
    }

    @Test func `a connection whose stream numbers are used up goes away by itself`() throws {
        let client = Side(.dialler, streamsBefore: UInt32.max / 2 - 1)
        try client.shakeHands()
        _ = client.events()
        _ = client.take()
        let last = StreamID(UInt32.max - 2)
        #expect(client.open() == .opened(last))
        #expect(client.open() == .goingAway)
        let text = "its stream numbers are used up"
        #expect(
            client.events() == [.goingAway(GoAway(lastStream: .connection, code: .drain, text: text), refused: [])])
        #expect(!client.isReady)
        #expect(client.open() == .goingAway)
        #expect(client.receive(Bytes.status(last.rawValue, 0)) == [.status(last, CallStatus(.ok))])
        #expect(client.receive(Bytes.pong(1)) == [.drained])
    }

    @Test func `a connection without calls goes away after its idle timeout`() throws {
        let side = try Side.connected(timing: WireTiming(idleTimeout: .seconds(60))).acceptor
        var seconds = 0
        while side.isReady, seconds < 1_000 {
            seconds += 1
            _ = side.advance(by: .seconds(1))
            side.receive(Bytes.ping(1))
            _ = side.take()
        }
        // Not before the time is over, and late by no more than the interval of PINGs.
        #expect((60...75).contains(seconds))
        #expect(side.close == nil)
    }

    @Test func `the idle connection drains, and says so`() throws {
        let side = try Side.connected(timing: WireTiming(idleTimeout: .seconds(60))).acceptor
        side.receive(Bytes.ping(1))
        _ = side.take()
        for _ in 0..<5 {
            side.now = side.now.advanced(by: .seconds(10))
            side.receive(Bytes.ping(1))
            _ = side.take()
        }
        #expect(side.wakeUp == side.now.advanced(by: .seconds(10)))
        #expect(side.advance(by: .seconds(10)) == [])
        #expect(side.take() == Bytes.goAway(last: .max, 0, "idle") + Bytes.ping(1))
        #expect(side.receive(Bytes.pong(1)) == [.drained])
    }

    @Test func `a call keeps an idle connection, and begins the time anew`() throws {
        let side = try Side.connected(timing: WireTiming(idleTimeout: .seconds(60))).acceptor
        side.receive(Bytes.open(1, []))
        for _ in 0..<30 {
            side.receive(Bytes.ping(1))
            _ = side.advance(by: .seconds(10))
            _ = side.take()
        }
        #expect(side.isReady)
        _ = side.respond(one, [], endsStream: true)
        for second in 0..<5 {
            // A call that came and went between two looks counts too.
            if second == 2 {
                side.receive(Bytes.open(3, []))
                _ = side.respond(StreamID(3), [], endsStream: true)
            }
            _ = side.advance(by: .seconds(10))
            side.receive(Bytes.ping(1))
            _ = side.take()
        }
        #expect(side.isReady)
    }

    @Test func `an idle connection holds no memory for bytes or streams`() throws {
        let (client, server) = try Side.connected()
        for _ in 0..<500 { _ = client.open(pattern(500)) }
        server.receive(client.take())
        for call in 0..<500 { _ = server.respond(StreamID(UInt32(2 * call + 1)), pattern(500), endsStream: true) }
        client.receive(server.take())
        _ = client.advance(by: .seconds(1))
        _ = server.advance(by: .seconds(1))
        let held = [client.wire.outbound.heldCount, server.wire.outbound.heldCount]
        #expect(held == [0, 0])
    }

    @Test func `an idle timeout that is over does not wake a connection that drains`() throws {
        let side = try Side.connected(timing: WireTiming(idleTimeout: .seconds(30))).acceptor
        side.receive(Bytes.ping(1))
        side.receive(Bytes.open(1, []))
        side.wire.drain("restart")
        for _ in 0..<5 {
            _ = side.take()
            _ = side.advance(by: .seconds(10))
            side.receive(Bytes.ping(1))
            let wakeUp = try #require(side.wakeUp)
            #expect(wakeUp > side.now)
        }
    }
}
