import StatorWire
import Testing

@Suite struct FlowControlTests {
    private let one = StreamID(1)
    private let message = [UInt8](repeating: 7, count: 100_000)

    @Test func `a sender stops when the window is used up and goes on with the receiver's grant`() throws {
        let (client, server) = try Side.connected()
        _ = client.open()
        server.receive(client.take())
        #expect(server.respond(one, message, endsStream: false) == .sent)
        #expect(server.respond(one, message, endsStream: false) == .sent)
        #expect(server.canRespond(one))
        #expect(server.respond(one, message, endsStream: false) == .sent)
        #expect(!server.canRespond(one))
        #expect(server.respond(one, message, endsStream: false) == .windowUsedUp)
        #expect(client.receive(server.take()).count == 3)
        client.wire.consumed(one, length: message.count)
        #expect(client.take() == [])
        client.wire.consumed(one, length: message.count)
        #expect(server.receive(client.take()) == [.writable(one)])
        #expect(server.respond(one, message, endsStream: true) == .sent)
    }

    @Test func `a slow stream does not stop another`() throws {
        let server = try Side.connected().acceptor
        server.receive(Bytes.open(1, []) + Bytes.open(3, []))
        for _ in 0..<3 { _ = server.respond(one, message, endsStream: false) }
        #expect(server.respond(one, message, endsStream: false) == .windowUsedUp)
        #expect(server.respond(StreamID(3), message, endsStream: false) == .sent)
    }

    @Test func `empty messages use up the window too`() throws {
        let client = try Side.connected().dialler
        _ = client.open()
        let batch = [UInt8]((0..<1_000).flatMap { _ in Bytes.message(1, []) })
        for _ in 0..<22 { client.receive(batch) }
        #expect(client.close?.code == .limitExceeded)
    }

    @Test func `a message longer than the window passes when the window is open`() throws {
        let (client, server) = try Side.connected()
        _ = client.open()
        server.receive(client.take())
        let long = [UInt8](repeating: 1, count: 2 * WireLimits.initialWindow)
        #expect(server.respond(one, long, endsStream: false) == .sent)
        #expect(client.receive(server.take()) == [.responseMessage(one, .assembled(long), endsStream: false)])
        client.wire.consumed(one, length: long.count)
        #expect(server.receive(client.take()) == [.writable(one)])
    }

    @Test func `the first message of a call counts as consumed, also a long one`() throws {
        let (client, server) = try Side.connected()
        let long = [UInt8](repeating: 1, count: 300_000)
        #expect(client.open(long, endsStream: false) == .opened(one))
        #expect(!client.canRequest(one))
        #expect(server.receive(client.take()).count == 1)
        #expect(client.receive(server.take()) == [.writable(one)])
        #expect(client.canRequest(one))
    }

    @Test func `messages are not taken while the outbound queue is at its high mark`() throws {
        let server = try Side.connected().acceptor
        for stream in 0..<5 { server.receive(Bytes.open(UInt32(2 * stream + 1), [])) }
        let large = [UInt8](repeating: 1, count: 512 * 1024)
        #expect(server.respond(StreamID(1), large, endsStream: true) == .sent)
        #expect(server.respond(StreamID(3), large, endsStream: true) == .sent)
        #expect(!server.hasRoom())
        #expect(server.respond(StreamID(5), large, endsStream: true) == .noRoom)
        #expect(server.open() == .noRoom)
        _ = server.take()
        // Their bytes are gone, and with them the connection's credit.
        #expect(server.respond(StreamID(5), large, endsStream: true) == .noRoom)
        #expect(server.receive(Bytes.window(0, 1_048_576)) == [.writable(.connection)])
        #expect(server.respond(StreamID(5), large, endsStream: true) == .sent)
    }

    @Test func `a peer that asks on and on and reads nothing is closed`() throws {
        let server = try Side.connected().acceptor
        let batch = [UInt8]((0..<10_000).flatMap { Bytes.ping(UInt64($0)) })
        var batches = 0
        while server.close == nil, batches < 100 {
            server.receive(batch)
            batches += 1
        }
        #expect(server.close?.text == "the peer does not read what it is sent")
    }

    @Test func `the memory of what was sent is used again, also when the queue is never empty`() throws {
        let server = try Side.connected().acceptor
        let batch = [UInt8]((0..<1_000).flatMap { Bytes.ping(UInt64($0)) })
        for _ in 0..<200 {
            server.receive(batch)
            server.wire.outbound.consume(server.wire.outbound.count - 20)
        }
        let held = server.wire.outbound.heldCount
        #expect(held < 256 * 1024)
        #expect(server.take().count == 20)
    }

    @Test func `a peer that is alive and takes nothing of what it is sent is let go`() throws {
        let server = try Side.connected().acceptor
        server.receive(Bytes.open(1, []))
        #expect(server.respond(one, message, endsStream: false) == .sent)
        var seconds = 0
        while server.close == nil, seconds < 100 {
            seconds += 5
            server.now = server.now.advanced(by: .seconds(5))
            server.wire.fillOutbound()
            server.receive(Bytes.ping(1))
        }
        #expect(server.close?.text == "the peer does not read what it is sent")
        #expect(seconds == 30)
    }

    @Test func `a peer that reads slowly is not`() throws {
        let server = try Side.connected().acceptor
        server.receive(Bytes.open(1, []))
        #expect(server.respond(one, message, endsStream: false) == .sent)
        for _ in 0..<20 {
            server.now = server.now.advanced(by: .seconds(5))
            server.receive(Bytes.ping(1))
            #expect(server.takeOnce(100).count == 100)
        }
        #expect(server.close == nil)
    }
}
