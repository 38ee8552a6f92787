import StatorWire
import Testing

@Suite struct ConnectionEndTests {
    private let one = StreamID(1)

    @Test func `draining finishes what runs and starts nothing new`() throws {
        let (client, server) = try Side.connected()
        _ = client.open()
        server.receive(client.take())
        server.wire.drain("restart")
        server.wire.drain("restart")
        #expect(server.events() == [])
        #expect(server.open() == .goingAway)
        let events = client.receive(server.take())
        #expect(events == [.goingAway(GoAway(lastStream: one, code: .drain, text: "restart"), refused: [])])
        #expect(client.open() == .goingAway)
        #expect(server.respond(one, [1], endsStream: true) == .sent)
        #expect(server.events() == [.drained])
        #expect(client.receive(server.take()) == [.responseMessage(one, [1], endsStream: true), .drained])
    }

    @Test func `calls that crossed the GOAWAY are known not to have begun`() throws {
        let (client, server) = try Side.connected()
        _ = client.open()
        server.receive(client.take())
        server.wire.drain("restart")
        _ = client.open()
        let crossing = client.take()
        #expect(
            client.receive(server.take())
                == [.goingAway(GoAway(lastStream: one, code: .drain, text: "restart"), refused: [StreamID(3)])])
        #expect(server.receive(crossing + Bytes.message(3, [1]) + Bytes.cancel(3)) == [])
        #expect(server.close == nil)
    }

    @Test func `an idle connection has drained at once`() throws {
        let side = try Side.connected().acceptor
        side.wire.drain("restart")
        #expect(side.events() == [.drained])
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
        #expect(client.receive(Bytes.status(last.rawValue, 0)) == [.status(last, CallStatus(.ok)), .drained])
    }
}
