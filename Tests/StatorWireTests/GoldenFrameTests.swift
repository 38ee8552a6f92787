import StatorWire
import Testing

/// The bytes of each frame, fixed for all releases: a change here is a new protocol version.
@Suite struct GoldenFrameTests {
    @Test func `HELLO`() {
        let expected = hex(
            """
            0000002e 01 00 0000 00000000
            0001 0000 00000007 abababababababababababababababababababababababababababababababab
            05 302e312e30
            """)
        #expect(Side(.dialler).take() == expected)
        #expect(Bytes.hello == expected)
    }

    @Test(arguments: [(false, "00"), (true, "01")])
    func `HELLO_ACK`(_ wantsManifest: Bool, _ payload: String) throws {
        let side = Side(.acceptor)
        _ = side.take()
        #expect(side.receive(Bytes.hello) == [.hello(Side.hello)])
        try side.wire.acknowledgeHello(wantsManifest: wantsManifest)
        #expect(side.take() == hex("00000001 02 00 0000 00000000 \(payload)"))
    }

    @Test func `MANIFEST`() {
        let side = Side(.acceptor)
        _ = side.take()
        side.receive(Bytes.hello)
        side.receive(Bytes.helloAck(wantsManifest: true))
        #expect(side.take() == hex("00000017 03 00 0000 00000000") + "stator.v1.Instance 1.1\n".utf8)
    }

    @Test func `OPEN of a unary call`() throws {
        let side = try Side.connected().dialler
        #expect(side.open([0xCA, 0xFE], method: 0x0102_0304_0506_0708, timeout: .seconds(30)) == .opened(StreamID(1)))
        #expect(
            side.take() == hex("00000012 04 02 0000 00000001 0102030405060708 0000000001c9c380 cafe"))
    }

    @Test func `OPEN with an idempotency key and a trace context`() throws {
        let side = try Side.connected().acceptor
        let header = CallHeader(
            method: 1, idempotencyKey: Bytes16(high: 0x0001_0203_0405_0607, low: 0x0809_0A0B_0C0D_0E0F),
            trace: TraceBytes(
                traceID: Bytes16(high: 0x1011_1213_1415_1617, low: 0x1819_1A1B_1C1D_1E1F),
                parentID: 0x2021_2223_2425_2627, flags: 1))
        #expect(side.open([], header: header) == .opened(StreamID(2)))
        #expect(
            side.take()
                == hex(
                    """
                    00000039 04 0e 0000 00000002 0000000000000001 0000000000000000
                    000102030405060708090a0b0c0d0e0f
                    101112131415161718191a1b1c1d1e1f 2021222324252627 01
                    """))
    }

    @Test func `MESSAGE that ends its stream, and one that does not`() throws {
        let side = try Side.connected().acceptor
        side.receive(Bytes.open(1, []))
        #expect(side.respond(StreamID(1), [7, 8], endsStream: false) == .sent)
        #expect(side.respond(StreamID(1), [9], endsStream: true) == .sent)
        #expect(side.take() == hex("00000002 05 00 0000 00000001 0708  00000001 05 02 0000 00000001 09"))
    }

    @Test func `STATUS`() throws {
        let side = try Side.connected().acceptor
        side.receive(Bytes.open(1, []))
        side.wire.finish(StreamID(1), CallStatus(.notFound, "no", details: [0xDD]))
        #expect(side.take() == hex("00000007 06 00 0000 00000001 05 00 0002 6e6f dd"))
    }

    @Test func `OPEN without a message, and the end of a request without one`() throws {
        let side = try Side.connected().dialler
        #expect(side.open(nil, endsStream: false) == .opened(StreamID(1)))
        #expect(try side.request(StreamID(1), nil, endsStream: true) == .sent)
        #expect(side.open(nil, endsStream: true) == .opened(StreamID(3)))
        #expect(
            side.take()
                == hex(
                    """
                    00000010 04 10 0000 00000001 0000000000000005 0000000000000000
                    00000000 05 12 0000 00000001
                    00000010 04 12 0000 00000003 0000000000000005 0000000000000000
                    """))
    }

    @Test func `a message of several frames follows its OPEN`() throws {
        let side = try Side.connected().dialler
        let message = pattern(20_000)
        #expect(side.open(message) == .opened(StreamID(1)))
        #expect(
            side.take()
                == hex("00000010 04 01 0000 00000001 0000000000000005 0000000000000000")
                + hex("00003ff4 05 01 0000 00000001") + message[..<16_372]
                + hex("00000e2c 05 02 0000 00000001") + message[16_372...])
    }

    @Test func `HELLO of a side that speaks older versions too`() {
        let hello = Hello(
            serviceVersion: 7, fingerprint: Side.fingerprint, release: "0.1.0", protocolVersions: 2...3)
        #expect(
            Side(.dialler, hello: hello).take()
                == Bytes.hello(version: 3, extensions: hex("0001 0002 0002")))
    }

    @Test func `CANCEL`() throws {
        let side = try Side.connected().dialler
        _ = side.open()
        _ = side.take()
        side.wire.cancel(StreamID(1))
        #expect(side.take() == hex("00000000 07 00 0000 00000001"))
    }

    @Test func `WINDOW`() throws {
        let side = try Side.connected().dialler
        _ = side.open()
        _ = side.take()
        let message = [UInt8](repeating: 0, count: 16_000)
        for _ in 0..<9 {
            side.receive(Bytes.message(1, message))
            side.wire.consumed(StreamID(1), length: message.count)
        }
        // Nine messages of 16,000 and 12 bytes are more than half of the window.
        #expect(side.take() == hex("00000004 08 00 0000 00000001") + Bytes.number(UInt32(9 * 16_012)))
    }

    @Test func `WINDOW of the connection`() throws {
        let side = try Side.connected().acceptor
        // 33 first messages of 16,000 and 12 bytes are more than half of the connection's window.
        for stream in 0..<33 { side.receive(Bytes.open(UInt32(2 * stream + 1), pattern(16_000))) }
        #expect(side.take() == hex("00000004 08 00 0000 00000000") + Bytes.number(UInt32(33 * 16_012)))
    }

    @Test func `PING and PONG`() throws {
        let side = try Side.connected().dialler
        #expect(side.advance(by: .seconds(15)) == [])
        #expect(side.take() == hex("00000008 09 00 0000 00000000 0000000000000001"))
        #expect(side.receive(Bytes.ping(0x1122_3344_5566_7788)) == [])
        #expect(side.take() == hex("00000008 0a 00 0000 00000000 1122334455667788"))
    }

    @Test func `GOAWAY`() throws {
        let side = try Side.connected().acceptor
        side.receive(Bytes.open(5, []))
        side.wire.drain("bye")
        #expect(
            side.take()
                == hex(
                    """
                    00000008 0b 00 0000 00000000 ffffffff 00 627965
                    00000008 09 00 0000 00000000 0000000000000001
                    """))
        side.receive(Bytes.pong(1))
        #expect(side.take() == hex("00000008 0b 00 0000 00000000 00000005 00 627965"))
    }

    @Test func `the codes of statuses are gRPC's`() {
        let names = [
            "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
            "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
            "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
        ]
        #expect(StatusCode.allCases.map(\.description) == names)
        #expect(StatusCode.allCases.map(\.rawValue) == [UInt8](0...16))
    }
}
