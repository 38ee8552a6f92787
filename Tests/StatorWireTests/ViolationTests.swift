import StatorWire
import Testing

/// What a peer must not send, and what it is told.
@Suite struct ViolationTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let bytes: [UInt8]
        var code = GoAwayCode.protocolViolation

        init(_ description: String, _ bytes: [UInt8], _ code: GoAwayCode = .protocolViolation) {
            testDescription = description
            self.bytes = bytes
            self.code = code
        }
    }

    static let long = [UInt8](repeating: 0x61, count: WireLimits.framePayloadLengthMax)
    /// Stream 1 is open for requests of the peer, stream 2 is the receiver's own.
    static let cases: [Case] = [
        Case("a frame longer than any may be", hex("00003ff5 05 00 0000 00000001"), .limitExceeded),
        Case("a HELLO longer than one may be", hex("00000401 01 00 0000 00000000"), .limitExceeded),
        Case("an unknown type", Bytes.frame(12)),
        Case("type 0", Bytes.frame(0)),
        Case("flags that the type does not have", Bytes.frame(7, flags: 2, stream: 1)),
        Case("reserved bytes that are not 0", hex("00000000 07 00 0001 00000001")),
        Case("a frame of a stream on stream 0", Bytes.message(0, [])),
        Case("a frame of the connection on a stream", Bytes.frame(9, stream: 1, Bytes.number(1 as UInt64))),
        Case("a second HELLO", Bytes.hello),
        Case("a second HELLO_ACK", Bytes.helloAck(wantsManifest: false)),
        Case("a HELLO_ACK that says 2", Bytes.frame(2, [2])),
        Case("an empty HELLO_ACK", Bytes.frame(2)),
        Case("a MANIFEST that was not asked for", Bytes.manifest([1])),
        Case("an OPEN cut short", Bytes.frame(4, flags: 2, stream: 3, [0, 0, 0])),
        Case("an OPEN without the key that its flags announce", Bytes.open(3, [1, 2], flags: 2 | 4)),
        Case("an OPEN with a number of the other side", Bytes.open(4, [])),
        Case("an OPEN of a stream that is open", Bytes.open(1, [])),
        Case("an OPEN that both continues and ends", Bytes.open(3, [1], flags: 1 | 2)),
        Case("an empty part of a message", Bytes.message(1, [], flags: 1)),
        Case("an OPEN without message that has one", Bytes.open(3, [1], flags: 16)),
        Case("an OPEN without message that has more of one", Bytes.open(3, [], flags: 16 | 1)),
        Case("a MESSAGE without message that does not end", Bytes.message(1, [], flags: 16)),
        Case("a MESSAGE without message that has one", Bytes.message(1, [1], flags: 16 | 2)),
        Case("a MESSAGE without message of the acceptor", Bytes.message(2, [], flags: 16 | 2)),
        Case("a MESSAGE that both continues and ends", Bytes.message(1, [1], flags: 1 | 2)),
        Case(
            "the end of a request within a message of it",
            Bytes.message(1, [1], flags: 1) + Bytes.message(1, [], flags: 16 | 2)),
        Case("the end of a request after it", Bytes.message(1, [], flags: 2) + Bytes.message(1, [], flags: 16 | 2)),
        Case("a fifth long message", fiveLongMessages, .limitExceeded),
        Case("a fifth long message behind an OPEN that waited", fiveLongMessagesLate, .limitExceeded),
        Case("a message although the stream's window is used up", overspentStream, .limitExceeded),
        Case("a message although the connection's window is used up", overspentConnection, .limitExceeded),
        Case(
            "an OPEN although the connection's window is used up", overspentConnection(Bytes.open(99, [])),
            .limitExceeded),
        Case(
            "a late message although the connection's window is used up",
            Bytes.open(9, [], flags: 1) + overspentConnection(Bytes.message(9, [])), .limitExceeded),
        Case("a connection's WINDOW too large", Bytes.window(0, UInt32(WireLimits.windowMax)), .limitExceeded),
        Case("a WINDOW on a stream never opened", Bytes.window(9, 1)),
        Case("a WINDOW on a stream that the receiver never opened", Bytes.window(4, 1)),
        Case("an OPEN cut short in its trace context", Bytes.open(3, pattern(24), flags: 2 | 8)),
        Case("a STATUS of too much", Bytes.frame(6, stream: 2, pattern(4 + 1_024 + 8_192 + 1)), .limitExceeded),
        Case(
            "a STATUS of too long details", Bytes.status(2, 5, "", pattern(8_193)), .limitExceeded),
        Case("a GOAWAY of too long a text", Bytes.frame(11, pattern(5 + 1_025)), .limitExceeded),
        Case("a HELLO_ACK of two bytes", hex("00000002 02 00 0000 00000000"), .limitExceeded),
        Case("a PING of nine bytes", hex("00000009 09 00 0000 00000000"), .limitExceeded),
        Case("a WINDOW of five bytes", hex("00000005 08 00 0000 00000002"), .limitExceeded),
        Case("a message after the last one", Bytes.message(1, [], flags: 2) + Bytes.message(1, [])),
        Case("a message on a stream never opened", Bytes.message(9, [])),
        Case("a message on a stream that the receiver never opened", Bytes.message(4, [])),
        Case("a message too long", Bytes.open(3, [], flags: 2) + tooLongMessage, .limitExceeded),
        Case("a STATUS on a stream of the peer's own", Bytes.status(1, 0)),
        Case("a STATUS on a stream never opened", Bytes.status(4, 0)),
        Case("a STATUS of unknown code", Bytes.status(2, 17)),
        Case("a STATUS cut short", Bytes.frame(6, stream: 2, [0])),
        Case("a STATUS whose text is longer than its frame", Bytes.frame(6, stream: 2, [0, 0, 0, 9, 0x61])),
        Case("a STATUS that is not UTF-8", Bytes.frame(6, stream: 2, [5, 0, 0, 1, 0xFF])),
        Case("a STATUS with a reserved byte", Bytes.frame(6, stream: 2, [5, 1, 0, 0])),
        Case("a CANCEL on a stream of the receiver's", Bytes.cancel(2)),
        Case("a CANCEL on a stream never opened", Bytes.cancel(9)),
        Case("a CANCEL with a payload", Bytes.frame(7, stream: 1, [0]), .limitExceeded),
        Case("a WINDOW that grants nothing", Bytes.window(2, 0)),
        Case("a WINDOW too large", Bytes.window(2, UInt32(WireLimits.windowMax)), .limitExceeded),
        Case("a WINDOW of three bytes", Bytes.frame(8, stream: 2, [0, 0, 1])),
        Case("a PING of seven bytes", Bytes.frame(9, [0, 0, 0, 0, 0, 0, 0])),
        Case("a PONG without PING", Bytes.pong(1)),
        Case("a GOAWAY cut short", Bytes.frame(11, [0])),
        Case("a GOAWAY of unknown code", Bytes.goAway(last: 0, 99)),
        Case("a GOAWAY that is not UTF-8", Bytes.frame(11, [0, 0, 0, 0, 0, 0xC3])),
        Case("a GOAWAY that names a stream never opened", Bytes.goAway(last: 8, 0)),
        Case("a GOAWAY that names one of the sender's own", Bytes.goAway(last: 1, 0)),
        Case("a GOAWAY of all streams that is no drain", Bytes.goAway(last: .max, 5)),
    ]

    private static var fiveLongMessages: [UInt8] {
        (1...4).flatMap { Bytes.open(UInt32(2 * $0 + 1), [1], flags: 1) } + Bytes.message(1, [1], flags: 1)
    }

    private static var fiveLongMessagesLate: [UInt8] {
        // OPEN without any of its message is none under way; its first part makes it one.
        (1...4).flatMap { Bytes.open(UInt32(2 * $0 + 1), [], flags: 1) } + Bytes.message(1, [1], flags: 1)
            + (1...4).flatMap { Bytes.message(UInt32(2 * $0 + 1), [1], flags: 1) }
    }

    private static var overspentStream: [UInt8] {
        // 17 full messages take more than 262,144.
        [UInt8]((0..<17).flatMap { _ in Bytes.message(1, long) })
    }

    /// Uses up the connection's window on streams of which none uses up its own, then adds to it.
    private static func overspentConnection(_ more: [UInt8]) -> [UInt8] {
        let streams: [UInt32] = [11, 13, 15, 17, 19]
        return streams.flatMap { stream in
            Bytes.open(stream, [], flags: 16) + (0..<13).flatMap { _ in Bytes.message(stream, long) }
        } + more
    }

    private static var overspentConnection: [UInt8] { overspentConnection(Bytes.message(1, [])) }

    /// 257 full frames of 16,372 bytes are more than 4 MiB.
    private static var tooLongMessage: [UInt8] {
        [UInt8]((0..<257).flatMap { _ in Bytes.message(1, long, flags: 1) })
    }

    @Test(arguments: cases)
    func `a violation closes the connection with a reason`(_ violation: Case) throws {
        let side = try Side.connected().acceptor
        side.receive(Bytes.open(1, [], flags: 0))
        #expect(side.open() == .opened(StreamID(2)))
        _ = side.take()
        side.receive(violation.bytes)
        let close = try #require(side.close, "not refused")
        #expect(close.cause == .violation)
        #expect(close.code == violation.code)
        // The peer is told the same.
        let goAway = side.take().suffix(12 + 5 + close.text.utf8.count)
        #expect(Array(goAway.dropFirst(12 + 5)) == Array(close.text.utf8))
        #expect(goAway.dropFirst(4).first == 11)
        // Nothing more is looked at.
        #expect(side.receive(violation.bytes) == [])
    }

    static let early: [Case] = [
        Case("OPEN before HELLO", Bytes.open(1, [])),
        Case("OPEN before HELLO_ACK", Bytes.hello + Bytes.open(1, [])),
        Case("MANIFEST before HELLO", Bytes.manifest([1])),
        Case("HELLO_ACK before HELLO", Bytes.helloAck(wantsManifest: false)),
        Case("PING before HELLO", Bytes.ping(1)),
        Case("WINDOW before HELLO_ACK", Bytes.hello + Bytes.window(0, 1)),
        Case("HTTP", [UInt8]("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8), .limitExceeded),
        Case("zeros", [UInt8](repeating: 0, count: 64)),
        Case("another protocol version", Bytes.hello(version: 2)),
        Case("protocol version 0", Bytes.hello(version: 0)),
        Case("an oldest version above the newest", Bytes.hello(version: 2, extensions: hex("0001 0002 0003"))),
        Case("an oldest version of 0", Bytes.hello(version: 2, extensions: hex("0001 0002 0000"))),
        Case("an oldest version of one byte", Bytes.hello(extensions: hex("0001 0001 01"))),
        Case("two oldest versions", Bytes.hello(extensions: hex("0001 0002 0001 0001 0002 0001"))),
        Case("a HELLO that ends in an extension's header", Bytes.hello(extensions: [0, 9, 0])),
        Case("a HELLO cut short", Bytes.frame(1, [0, 1, 0, 0, 0])),
        Case("a HELLO with reserved bytes", changedHello(at: 2, to: 1)),
        Case("a HELLO whose release is too long", changedHello(at: 40, to: 65)),
        Case("a HELLO whose release is not UTF-8", changedHello(at: 41, to: 0xFF)),
        Case("a HELLO whose extension is cut short", Bytes.frame(1, Bytes.hello.dropFirst(12) + [0, 1, 0, 5, 0])),
    ]

    private static func changedHello(at offset: Int, to byte: UInt8) -> [UInt8] {
        var bytes = Bytes.hello
        bytes[12 + offset] = byte
        return bytes
    }

    @Test(arguments: early)
    func `before the handshake is over nothing but the handshake is taken`(_ violation: Case) throws {
        let side = Side(.acceptor)
        side.receive(violation.bytes)
        #expect(side.close?.code == violation.code)
    }

    @Test func `an empty part of a manifest is refused`() throws {
        let side = Side(.acceptor)
        side.receive(Bytes.hello)
        try side.wire.acknowledgeHello(wantsManifest: true)
        side.receive(Bytes.manifest([], more: true))
        #expect(side.close?.code == .protocolViolation)
    }

    @Test func `a window may be granted up to its limit`() throws {
        let side = try Side.connected().acceptor
        #expect(side.open(endsStream: false) == .opened(StreamID(2)))
        let room = WireLimits.windowMax - WireLimits.initialWindow + 13
        side.receive(Bytes.window(2, UInt32(room)))
        let connectionRoom = WireLimits.windowMax - WireLimits.initialConnectionWindow + 13
        side.receive(Bytes.window(0, UInt32(connectionRoom)))
        #expect(side.close == nil)
        side.receive(Bytes.window(0, 1))
        #expect(side.close?.code == .limitExceeded)
    }

    @Test func `an endless manifest is refused`() throws {
        let side = Side(.acceptor)
        side.receive(Bytes.hello)
        try side.wire.acknowledgeHello(wantsManifest: true)
        for _ in 0..<5 { side.receive(Bytes.manifest(Self.long, more: true)) }
        #expect(side.close?.code == .limitExceeded)
    }

    @Test func `an endless OPEN is refused`() throws {
        let side = try Side.connected().acceptor
        side.receive(Bytes.open(1, [1], flags: 1))
        for _ in 0..<258 { side.receive(Bytes.message(1, Self.long, flags: 1)) }
        #expect(side.close?.code == .limitExceeded)
    }

    /// A generator of its own, so that a failure can be repeated.
    struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 31)
        }
    }

    @Test(arguments: 1...200)
    func `damaged transcripts never trap`(_ seed: UInt64) throws {
        var random = Random(state: seed)
        var transcript =
            Bytes.open(1, [1, 2, 3]) + Bytes.open(3, [4], flags: 1) + Bytes.message(3, [5], flags: 2)
            + Bytes.window(1, 100) + Bytes.cancel(1) + Bytes.message(2, [1]) + Bytes.status(2, 5, "x", [1])
            + Bytes.ping(3) + Bytes.goAway(last: 2, 0, "bye")
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            transcript[Int.random(in: 0..<transcript.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        let side = try Side.connected().acceptor
        _ = side.open()
        side.receive(transcript)
        _ = side.advance(by: .seconds(60))
    }
}
