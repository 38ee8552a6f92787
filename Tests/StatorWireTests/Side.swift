import StatorWire

/// One end of a connection under test, with the time in its hands.
final class Side {
    var wire: WireConnection
    var now: WireInstant
    private(set) var close: WireClose?
    /// Bytes that are less than a frame, to be given again.
    private var rest: [UInt8] = []

    static let fingerprint = [UInt8](repeating: 0xAB, count: 32)
    static let manifest = [UInt8]("stator.v1.Instance 1.1\n".utf8)
    static let hello = Hello(serviceVersion: 7, fingerprint: Side.fingerprint, release: "0.1.0")

    init(
        _ side: ConnectionSide, at start: WireInstant = .now, hello: Hello = Side.hello,
        manifest: [UInt8] = Side.manifest, timing: WireTiming = WireTiming(), streamsBefore: UInt32 = 0
    ) {
        now = start
        wire = WireConnection(
            side: side, hello: hello, manifest: manifest, timing: timing, now: start, streamsBefore: streamsBefore)
    }

    /// Both ends with their handshake behind them.
    static func connected(timing: WireTiming = WireTiming()) throws -> (dialler: Side, acceptor: Side) {
        let start = WireInstant.now
        let sides = (
            dialler: Side(.dialler, at: start, timing: timing), acceptor: Side(.acceptor, at: start, timing: timing)
        )
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

    /// Hands bytes in and returns the events that come of them, their messages copied out.
    @discardableResult
    func receive(_ bytes: [UInt8]) -> [WireEvent] {
        receive(bytes) { _ in }
    }

    /// Answers each event before the next is looked for.
    func receive(_ bytes: [UInt8], _ answer: (WireEvent) throws -> Void) rethrows -> [WireEvent] {
        wire.received(now: now)
        return try events(rest + bytes, answer)
    }

    func events() -> [WireEvent] { events([]) { _ in } }

    private func events(_ input: [UInt8], _ answer: (WireEvent) throws -> Void) rethrows -> [WireEvent] {
        var events: [WireEvent] = []
        var position = 0
        defer {
            if !input.isEmpty { rest = Array(input[position...]) }
        }
        try input.withUnsafeBytes { input in
            while let event = wire.next(input, &position, now: now)?.detached(from: input) {
                if case .closed(let close) = event { self.close = close }
                events.append(event)
                try answer(event)
            }
        }
        return events
    }

    func advance(by duration: Duration) -> [WireEvent] {
        now = now.advanced(by: duration)
        wire.timer(now: now)
        return events()
    }

    /// Takes all that can be sent now.
    func take() -> [UInt8] {
        var taken: [UInt8] = []
        var more = takeOnce()
        while !more.isEmpty {
            taken += more
            more = takeOnce()
        }
        return taken
    }

    /// Takes what waits in the outbound buffer: one chunk of long messages at most.
    func takeOnce(_ countMax: Int = .max) -> [UInt8] {
        wire.fillOutbound()
        let bytes = wire.outbound.withBytes { [UInt8]($0.prefix(countMax)) }
        wire.outbound.consume(bytes.count)
        return bytes
    }

    func open(
        _ message: [UInt8]? = [1], method: UInt64 = 5, header: CallHeader? = nil, timeout: Duration? = nil,
        endsStream: Bool = true, isPriority: Bool = false
    ) -> WireConnection.OnOpen {
        wire.open(
            header ?? CallHeader(method: method), message: message, endsStream: endsStream, isPriority: isPriority,
            deadline: timeout.map { now.advanced(by: $0) }, now: now)
    }
}

// `#expect` takes no noncopyable value apart.
extension Side {
    func hasRoom(isPriority: Bool = false) -> Bool { wire.hasRoom(isPriority: isPriority) }
    var isReady: Bool { wire.isReady }
    var wakeUp: WireInstant? { wire.wakeUp }
    var openedStreamCount: Int { wire.openedStreamCount }
    var acceptedStreamCount: Int { wire.acceptedStreamCount }
    var protocolVersion: UInt16? { wire.protocolVersion }
    var hasOutbound: Bool { wire.hasOutbound }
    var accounts: WireConnection.Accounts { wire.accounts }

    func canRespond(_ id: StreamID) -> Bool { wire.canRespond(id) }
    func canRequest(_ id: StreamID) -> Bool { wire.canRequest(id) }

    func respond(_ id: StreamID, _ message: [UInt8], endsStream: Bool) -> WireConnection.OnSend {
        wire.respond(id, message, endsStream: endsStream)
    }

    func request(_ id: StreamID, _ message: [UInt8]?, endsStream: Bool) throws -> WireConnection.OnSend {
        try wire.request(id, message, endsStream: endsStream)
    }
}

extension WireEvent {
    /// The same event with its message copied out of the input, which is gone when tests compare.
    func detached(from input: UnsafeRawBufferPointer) -> WireEvent {
        switch self {
        case .opened(let id, let header, let message, let deadline, let endsStream):
            .opened(id, header, message?.detached(from: input), deadline: deadline, endsStream: endsStream)
        case .requestMessage(let id, let message, let endsStream):
            .requestMessage(id, message?.detached(from: input), endsStream: endsStream)
        case .responseMessage(let id, let message, let endsStream):
            .responseMessage(id, message.detached(from: input), endsStream: endsStream)
        case .hello, .manifest, .ready, .status, .cancelled, .deadlineExceeded, .writable, .goingAway, .drained,
            .closed:
            self
        }
    }
}

extension WireMessage {
    func detached(from input: UnsafeRawBufferPointer) -> WireMessage {
        .assembled(withBytes(in: input) { [UInt8]($0) })
    }
}

extension WireMessage: ExpressibleByArrayLiteral {
    package init(arrayLiteral elements: UInt8...) {
        self = .assembled(elements)
    }
}
