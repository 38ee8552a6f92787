import StatorWire
import Testing

@Suite struct StreamTests {
    private let one = StreamID(1)

    @Test func `a unary call is one frame each way`() throws {
        let (client, server) = try Side.connected()
        #expect(client.open([1, 2]) == .opened(one))
        #expect(
            server.receive(client.take())
                == [.opened(one, CallHeader(method: 5), [1, 2], deadline: nil, endsStream: true)])
        #expect(server.respond(one, [3], endsStream: true) == .sent)
        #expect(client.receive(server.take()) == [.responseMessage(one, [3], endsStream: true)])
        #expect(client.openedStreamCount == 0)
        #expect(server.acceptedStreamCount == 0)
    }

    @Test func `both sides call each other on one connection`() throws {
        let (client, server) = try Side.connected()
        #expect(server.open([9]) == .opened(StreamID(2)))
        #expect(client.open() == .opened(one))
        #expect(client.open() == .opened(StreamID(3)))
        #expect(client.receive(server.take()).count == 1)
        #expect(server.receive(client.take()).count == 2)
    }

    @Test(arguments: [0, 16_356, 16_357, 16_372, 16_373, 100_000, WireLimits.messageLengthMax])
    func `a message of any length up to the limit arrives whole`(_ length: Int) throws {
        let (client, server) = try Side.connected()
        let message = [UInt8]((0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        _ = client.open(message)
        let bytes = client.take()
        #expect(
            server.receive(bytes)
                == [.opened(one, CallHeader(method: 5), .assembled(message), deadline: nil, endsStream: true)])
        #expect(server.respond(one, message, endsStream: true) == .sent)
        #expect(client.receive(server.take()) == [.responseMessage(one, .assembled(message), endsStream: true)])
    }

    @Test func `a longer message is not taken`() throws {
        let (client, server) = try Side.connected()
        let message = [UInt8](repeating: 0, count: WireLimits.messageLengthMax + 1)
        #expect(client.open(message) == .tooLong)
        server.receive(Bytes.open(1, []))
        #expect(server.respond(one, message, endsStream: true) == .tooLong)
    }

    @Test func `frames for a stream that has ended are ignored`() throws {
        let client = try Side.connected().dialler
        _ = client.open()
        client.wire.cancel(one)
        let late = Bytes.message(1, [1]) + Bytes.message(1, [1], flags: 1) + Bytes.message(1, [2], flags: 2)
        #expect(client.receive(late + Bytes.window(1, 5) + Bytes.status(1, 0)) == [])

        let server = try Side.connected().acceptor
        server.receive(Bytes.open(1, []))
        server.wire.finish(one, CallStatus(.ok))
        #expect(server.receive(Bytes.cancel(1) + Bytes.window(1, 5) + Bytes.message(1, [1])) == [])
        #expect(server.respond(one, [], endsStream: false) == .streamEnded)
        server.wire.finish(one, CallStatus(.ok))
        #expect(server.close == nil)
    }

    @Test func `cancelling tells the peer, whose stream is gone`() throws {
        let (client, server) = try Side.connected()
        _ = client.open()
        server.receive(client.take())
        client.wire.cancel(one)
        client.wire.cancel(one)
        #expect(server.receive(client.take()) == [.cancelled(one)])
        #expect(server.acceptedStreamCount == 0)
    }

    @Test func `a message cut off by STATUS or CANCEL is dropped`() throws {
        let (client, server) = try Side.connected()
        _ = client.open()
        #expect(client.receive(Bytes.message(1, [1], flags: 1) + Bytes.status(1, 13, "oh")).count == 1)
        // Its owner has not heard of the stream.
        #expect(server.receive(Bytes.open(1, [1], flags: 1) + Bytes.cancel(1)) == [])
        #expect(server.receive(Bytes.open(3, [1])).count == 1)
    }

    @Test func `the deadline travels, and both sides end the call when it passes`() throws {
        let (client, server) = try Side.connected()
        server.now = client.now
        _ = client.open(timeout: .milliseconds(500))
        let deadline = client.now.advanced(by: .milliseconds(500))
        #expect(
            server.receive(client.take())
                == [
                    .opened(
                        one, CallHeader(method: 5, timeout: .milliseconds(500)), [1], deadline: deadline,
                        endsStream: true)
                ])
        #expect(client.wakeUp == deadline)
        #expect(client.advance(by: .milliseconds(499)) == [])
        #expect(client.advance(by: .milliseconds(1)) == [.deadlineExceeded(one)])
        #expect(client.take() == Bytes.cancel(1))
        #expect(server.advance(by: .milliseconds(500)) == [.deadlineExceeded(one)])
        #expect(server.take() == Bytes.status(1, 4, "the call's deadline passed"))
        #expect(server.receive(Bytes.cancel(1)) == [])
    }

    @Test func `one stream too many is refused, and the connection stays`() throws {
        let server = try Side.connected().acceptor
        var stream: UInt32 = 1
        for _ in 0..<WireLimits.streamsMax + WireLimits.priorityStreamsMax {
            #expect(server.receive(Bytes.open(stream, [])).count == 1)
            stream += 2
        }
        #expect(server.receive(Bytes.open(stream, [])) == [])
        #expect(server.take().contains(StatusCode.resourceExhausted.rawValue))
        #expect(server.close == nil)
        server.receive(Bytes.cancel(1))
        #expect(server.receive(Bytes.open(stream + 2, [])).count == 1)
    }

    @Test func `a side opens no more streams than it may`() throws {
        let client = try Side.connected().dialler
        for _ in 0..<WireLimits.streamsMax { _ = client.open() }
        #expect(client.open() == .tooManyStreams)
        // Room is kept for calls of priority.
        for _ in 0..<WireLimits.priorityStreamsMax { _ = client.open(isPriority: true) }
        #expect(client.openedStreamCount == WireLimits.streamsMax + WireLimits.priorityStreamsMax)
        #expect(client.open(isPriority: true) == .tooManyStreams)
    }

    @Test func `requests may come as a stream too`() throws {
        let (client, server) = try Side.connected()
        _ = client.open([1], endsStream: false)
        #expect(try client.request(one, [2], endsStream: false) == .sent)
        #expect(try client.request(one, [3], endsStream: true) == .sent)
        #expect(throws: ImpossibleTransition.self) { try client.request(one, [4], endsStream: true) }
        let events = server.receive(client.take())
        #expect(
            events.dropFirst() == [
                .requestMessage(one, [2], endsStream: false), .requestMessage(one, [3], endsStream: true),
            ])
    }
}
