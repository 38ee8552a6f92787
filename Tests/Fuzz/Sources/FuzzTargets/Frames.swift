import StatorWire

/// The peer's bytes, given in one piece to one machine and in pieces to another: both must hear and say the same.
///
/// The first byte chooses side and stage, the second the length of the pieces; the rest are the bytes.
func runFrames(_ input: UnsafeRawBufferPointer) -> CInt {
    guard input.count >= 2 else { return -1 }
    let flags = input[0]
    let bytes = UnsafeRawBufferPointer(rebasing: input.dropFirst(2))
    let whole = Listener(flags)
    whole.hear(bytes, upTo: bytes.count)
    let pieces = Listener(flags)
    // Lengths are spread from the smallest to some larger than a frame's header.
    var generator = UInt32(input[1])
    var end = 0
    while end < bytes.count {
        generator = generator &* 1_664_525 &+ 1_013_904_223
        end = min(end + 1 + Int(generator >> 24) >> Int(input[1] & 7), bytes.count)
        pieces.hear(bytes, upTo: end)
    }
    require(whole.heard == pieces.heard, "other events when the bytes came in pieces")
    require(whole.isClosed == pieces.isClosed, "closed only when the bytes came in pieces")
    require(whole.said == pieces.said, "other answers when the bytes came in pieces")
    return 0
}

/// An end that answers in ways which follow from what it hears.
private final class Listener {
    private var wire: WireConnection
    private let wantsManifest: Bool
    private var position = 0
    /// A digest of all events, with the messages' bytes.
    private(set) var heard: UInt64 = 0xCBF2_9CE4_8422_2325

    private static let start = WireInstant.now
    /// What the peer of a connection says before the first call.
    private static let handshake: [UInt8] = {
        var wire = WireConnection(side: .acceptor, hello: Side.hello, manifest: Side.manifest, now: start)
        try? wire.acknowledgeHello(wantsManifest: false)
        return wire.outbound.withBytes { [UInt8]($0) }
    }()

    init(_ flags: UInt8) {
        wire = WireConnection(
            side: flags & 1 == 0 ? .dialler : .acceptor, hello: Side.hello, manifest: Side.manifest, now: Self.start)
        wantsManifest = flags & 2 != 0
        guard flags & 4 == 0 else { return }
        Self.handshake.withUnsafeBytes { hear($0, upTo: $0.count) }
        position = 0
        // Two streams for the peer to answer.
        for _ in 0..<2 {
            _ = wire.open(CallHeader(method: 1), message: [1], endsStream: false, now: Self.start)
        }
    }

    var isClosed: Bool { wire.isClosed }

    var said: [UInt8] {
        wire.fillOutbound()
        return wire.outbound.withBytes { [UInt8]($0) }
    }

    /// `bytes` up to `end` have come; those before `position` were used up.
    func hear(_ bytes: UnsafeRawBufferPointer, upTo end: Int) {
        let input = UnsafeRawBufferPointer(rebasing: bytes[position..<end])
        var used = 0
        wire.received(now: Self.start)
        while let event = wire.next(input, &used, now: Self.start) {
            require(used >= 0 && used <= input.count, "a position outside of the input")
            take(event, input)
        }
        require(input.count - used < WireLimits.frameLengthMax, "a whole frame was left in the input")
        position += used
    }

    private func take(_ event: WireEvent, _ input: UnsafeRawBufferPointer) {
        switch event {
        case .hello(let hello):
            note(1, UInt64(hello.serviceVersion) ^ UInt64(hello.release.utf8.count))
            attempt { () throws(ImpossibleTransition) in try wire.acknowledgeHello(wantsManifest: wantsManifest) }
        case .manifest(let bytes):
            note(2, 0)
            bytes.withUnsafeBytes { note($0) }
            attempt { () throws(ImpossibleTransition) in try wire.acceptManifest() }
        case .ready: note(3, 0)
        case .opened(let id, let header, let message, let deadline, let endsStream):
            note(4, UInt64(id.rawValue) << 2 | (endsStream ? 1 : 0) | (deadline == nil ? 0 : 2))
            note(header)
            note(message, in: input)
            serve(id, header.method)
        case .requestMessage(let id, let message, let endsStream):
            note(5, UInt64(id.rawValue) << 1 | (endsStream ? 1 : 0))
            note(message, in: input)
            if let message { wire.consumed(id, length: message.byteCount) }
            if endsStream { wire.finish(id, CallStatus(.ok)) }
        case .responseMessage(let id, let message, let endsStream):
            note(6, UInt64(id.rawValue) << 1 | (endsStream ? 1 : 0))
            note(message, in: input)
            if !endsStream { wire.consumed(id, length: message.byteCount) }
        case .status(let id, let status):
            note(7, UInt64(id.rawValue) << 8 | UInt64(status.code.rawValue))
            status.details.withUnsafeBytes { note($0) }
        case .cancelled(let id): note(8, UInt64(id.rawValue))
        case .deadlineExceeded(let id): note(9, UInt64(id.rawValue))
        case .writable(let id): note(10, UInt64(id.rawValue))
        case .goingAway(let goAway, let refused):
            note(11, UInt64(goAway.lastStream.rawValue) << 8 | UInt64(goAway.code.rawValue))
            for id in refused { note(12, UInt64(id.rawValue)) }
        case .drained: note(13, 0)
        case .closed(let close): note(14, UInt64(close.code.rawValue) << 16 | UInt64(close.text.utf8.count))
        }
    }

    /// The method's number says what the call gets.
    private func serve(_ id: StreamID, _ method: UInt64) {
        switch method & 3 {
        case 0: break
        case 1: _ = wire.respond(id, [1, 2, 3] as [UInt8], endsStream: true)
        case 2: _ = wire.respond(id, [UInt8](repeating: 7, count: 20_000), endsStream: false)
        default: wire.finish(id, CallStatus(.aborted, "no"))
        }
    }

    private func attempt(_ body: () throws(ImpossibleTransition) -> Void) {
        do throws(ImpossibleTransition) { try body() } catch {
            fail("an event that may not be answered: \(error.text)")
        }
    }

    private func note(_ kind: UInt8, _ value: UInt64) {
        mix(UInt64(kind))
        mix(value)
    }

    private func note(_ header: CallHeader) {
        mix(header.method)
        mix(UInt64(truncatingIfNeeded: header.timeout?.components.attoseconds ?? 1))
        mix(header.idempotencyKey?.high ?? 2)
        mix(header.trace?.parentID ?? 3)
    }

    private func note(_ message: WireMessage?, in input: UnsafeRawBufferPointer) {
        guard let message else { return mix(4) }
        message.withBytes(in: input) { note($0) }
    }

    private func note(_ bytes: UnsafeRawBufferPointer) {
        mix(UInt64(bytes.count))
        for byte in bytes { mix(UInt64(byte)) }
    }

    /// One step of FNV-1a.
    private func mix(_ value: UInt64) {
        heard = (heard ^ value) &* 0x0000_0100_0000_01B3
    }
}
