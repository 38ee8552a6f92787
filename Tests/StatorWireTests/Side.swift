import StatorWire

/// One end of a connection under test, with the time in its hands.
final class Side {
    var wire: WireConnection
    var now: ContinuousClock.Instant
    private(set) var close: WireClose?

    static let fingerprint = [UInt8](repeating: 0xAB, count: 32)
    static let manifest = [UInt8]("stator.v1.Instance 1.1\n".utf8)

    init(
        _ side: ConnectionSide, at start: ContinuousClock.Instant = .now, manifest: [UInt8] = Side.manifest,
        streamsBefore: UInt32 = 0
    ) {
        now = start
        wire = WireConnection(
            side: side, hello: Hello(serviceVersion: 7, fingerprint: Side.fingerprint, release: "0.1.0"),
            manifest: manifest, timing: WireTiming(), now: start, streamsBefore: streamsBefore)
    }

    /// Both ends with their handshake behind them.
    static func connected() throws -> (dialler: Side, acceptor: Side) {
        let start = ContinuousClock.now
        let sides = (dialler: Side(.dialler, at: start), acceptor: Side(.acceptor, at: start))
        try sides.dialler.shakeHands()
        try sides.acceptor.shakeHands()
        _ = sides.dialler.take()
        _ = sides.acceptor.take()
        return sides
    }

    /// Plays the peer's part of a handshake in which no manifest is wanted.
    func shakeHands() throws {
        receive(Bytes.hello)
        try wire.acknowledgeHello(wantsManifest: false)
        receive(Bytes.helloAck(wantsManifest: false))
    }

    /// Hands bytes in and returns the events that come of them.
    @discardableResult
    func receive(_ bytes: [UInt8]) -> [WireEvent] {
        wire.receive(bytes.span.bytes, now: now)
        return events()
    }

    func events() -> [WireEvent] {
        var events: [WireEvent] = []
        while let event = wire.next(now: now) {
            if case .closed(let close) = event { self.close = close }
            events.append(event)
        }
        return events
    }

    func advance(by duration: Duration) -> [WireEvent] {
        now = now.advanced(by: duration)
        wire.timer(now: now)
        return events()
    }

    /// Takes what waits to be sent.
    func take() -> [UInt8] {
        let bytes = wire.outbound.withBytes { [UInt8]($0) }
        wire.outbound.consume(bytes.count)
        return bytes
    }

    func open(
        _ message: [UInt8] = [1], method: UInt64 = 5, header: CallHeader? = nil, timeout: Duration? = nil,
        endsStream: Bool = true
    ) -> WireConnection.OnOpen {
        wire.open(
            header ?? CallHeader(method: method), message: message, endsStream: endsStream,
            deadline: timeout.map { now.advanced(by: $0) }, now: now)
    }
}

// `#expect` takes no noncopyable value apart.
extension Side {
    var hasRoom: Bool { wire.hasRoom }
    var isReady: Bool { wire.isReady }
    var wakeUp: ContinuousClock.Instant? { wire.wakeUp }
    var openedStreamCount: Int { wire.openedStreamCount }
    var acceptedStreamCount: Int { wire.acceptedStreamCount }

    func canRespond(_ id: StreamID) -> Bool { wire.canRespond(id) }

    func respond(_ id: StreamID, _ message: [UInt8], endsStream: Bool) -> WireConnection.OnSend {
        wire.respond(id, message, endsStream: endsStream)
    }

    func request(_ id: StreamID, _ message: [UInt8], endsStream: Bool) throws -> WireConnection.OnSend {
        try wire.request(id, message, endsStream: endsStream)
    }
}

/// Frames written by hand, as the specification has them.
enum Bytes {
    static func frame(_ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        number(UInt32(payload.count)) + [type, flags, 0, 0] + number(stream) + payload
    }

    static func number(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { [UInt8]($0) }
    }

    static let hello = frame(
        1, number(1 as UInt16) + [0, 0] + number(7 as UInt32) + Side.fingerprint + [5] + "0.1.0".utf8)

    static func helloAck(wantsManifest: Bool) -> [UInt8] { frame(2, [wantsManifest ? 1 : 0]) }
    static func manifest(_ bytes: [UInt8], more: Bool = false) -> [UInt8] { frame(3, flags: more ? 1 : 0, bytes) }

    static func open(
        _ stream: UInt32, _ message: [UInt8], method: UInt64 = 5, microseconds: UInt64 = 0, flags: UInt8 = 2
    ) -> [UInt8] {
        frame(4, flags: flags, stream: stream, number(method) + number(microseconds) + message)
    }

    static func message(_ stream: UInt32, _ message: [UInt8], flags: UInt8 = 0) -> [UInt8] {
        frame(5, flags: flags, stream: stream, message)
    }

    static func status(_ stream: UInt32, _ code: UInt8, _ text: String = "", _ details: [UInt8] = []) -> [UInt8] {
        frame(6, stream: stream, [code, 0] + number(UInt16(text.utf8.count)) + text.utf8 + details)
    }

    static func cancel(_ stream: UInt32) -> [UInt8] { frame(7, stream: stream) }
    static func window(_ stream: UInt32, _ credit: UInt32) -> [UInt8] { frame(8, stream: stream, number(credit)) }
    static func ping(_ value: UInt64) -> [UInt8] { frame(9, number(value)) }
    static func pong(_ value: UInt64) -> [UInt8] { frame(10, number(value)) }

    static func goAway(last: UInt32, _ code: UInt8, _ text: String = "") -> [UInt8] {
        frame(11, number(last) + [code] + text.utf8)
    }
}

/// Hexadecimal text as bytes; blanks are for the reader.
func hex(_ text: String) -> [UInt8] {
    let digits = text.filter { !$0.isWhitespace }
    return stride(from: 0, to: digits.count, by: 2).compactMap { offset in
        let start = digits.index(digits.startIndex, offsetBy: offset)
        return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16)
    }
}
