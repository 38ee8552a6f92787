/// A frame as it came from the peer, checked by itself; whether it may come now is another question.
enum Frame: Equatable, Sendable {
    case hello(Hello)
    case helloAck(wantsManifest: Bool)
    case manifest([UInt8], hasMore: Bool)
    case open(StreamID, CallHeader, MessagePart)
    case message(StreamID, MessagePart)
    case status(StreamID, CallStatus)
    case cancel(StreamID)
    case window(StreamID, credit: Int)
    case ping(UInt64)
    case pong(UInt64)
    case goAway(GoAway)

    init(_ header: FrameHeader, _ payload: RawSpan) throws(WireViolation) {
        let stream = header.stream
        switch header.type {
        case .hello: self = .hello(try Hello(decoding: payload))
        case .helloAck:
            try Self.check(payload, hasLength: 1, of: header.type)
            let answer = payload.bigEndian(at: 0, as: UInt8.self)
            guard answer <= 1 else { throw WireViolation("a helloAck frame that says \(answer)") }
            self = .helloAck(wantsManifest: answer == 1)
        case .manifest:
            self = .manifest(payload.copy(0..<payload.byteCount), hasMore: header.flags.contains(.more))
        case .open:
            var length = 0
            let call = try CallHeader(decoding: payload, flags: header.flags, length: &length)
            self = .open(stream, call, try MessagePart(payload, from: length, flags: header.flags))
        case .message:
            self = .message(stream, try MessagePart(payload, from: 0, flags: header.flags))
        case .status: self = .status(stream, try CallStatus(decoding: payload))
        case .cancel: self = .cancel(stream)
        case .window:
            try Self.check(payload, hasLength: 4, of: header.type)
            let credit = Int(payload.bigEndian(at: 0, as: UInt32.self))
            guard credit > 0 else { throw WireViolation("a window frame that grants nothing") }
            self = .window(stream, credit: credit)
        case .ping:
            try Self.check(payload, hasLength: 8, of: header.type)
            self = .ping(payload.bigEndian(at: 0, as: UInt64.self))
        case .pong:
            try Self.check(payload, hasLength: 8, of: header.type)
            self = .pong(payload.bigEndian(at: 0, as: UInt64.self))
        case .goAway: self = .goAway(try GoAway(decoding: payload))
        }
    }

    private static func check(
        _ payload: RawSpan, hasLength length: Int, of type: FrameType
    ) throws(WireViolation) {
        guard payload.byteCount == length else {
            throw WireViolation("a \(type) frame of \(payload.byteCount) bytes in place of \(length)")
        }
    }
}

/// What one frame carries of a message.
struct MessagePart: Equatable, Sendable {
    var bytes: [UInt8]
    /// The message goes on in the next frame.
    var hasMore: Bool
    /// The sender's last message on the stream.
    var endsStream: Bool

    init(_ bytes: [UInt8], hasMore: Bool = false, endsStream: Bool = false) {
        self.bytes = bytes
        self.hasMore = hasMore
        self.endsStream = endsStream
    }

    init(_ payload: RawSpan, from start: Int, flags: FrameFlags) throws(WireViolation) {
        self.init(
            payload.copy(start..<payload.byteCount), hasMore: flags.contains(.more),
            endsStream: flags.contains(.endStream))
        guard !(hasMore && endsStream) else {
            throw WireViolation("a frame that both continues its message and ends its stream")
        }
        guard !(hasMore && bytes.isEmpty) else { throw WireViolation("an empty part of a message") }
    }
}

/// Cuts the peer's bytes into frames, whatever pieces they come in.
///
/// It keeps what it was given and has not yet handed out: less than one frame (16 KiB) after `next`
/// has returned nil, so at most that and one piece of input.
struct FrameDecoder: ~Copyable {
    private var buffer: [UInt8] = []
    private var start = 0
    /// The header at `start`, once it has been read and checked.
    private var header: FrameHeader?

    var bufferedCount: Int { buffer.count - start }

    mutating func append(_ bytes: RawSpan) {
        if start == buffer.count {
            buffer.removeAll(keepingCapacity: buffer.capacity <= 64 * 1024)
        } else if start > 0 {
            buffer.removeSubrange(0..<start)
        }
        start = 0
        bytes.withUnsafeBytes { buffer.append(contentsOf: $0) }
    }

    /// Returns the next complete frame; nil: more bytes are needed.
    ///
    /// A header is checked as soon as its twelve bytes are there, before any of its payload is waited for.
    mutating func next() throws(WireViolation) -> Frame? {
        let payloadStart = start + WireLimits.frameHeaderLength
        guard buffer.count >= payloadStart else { return nil }
        let known: FrameHeader
        if let header {
            known = header
        } else {
            known = try FrameHeader(decoding: buffer.span.bytes.extracting(start..<payloadStart))
            header = known
        }
        let end = payloadStart + known.payloadLength
        guard buffer.count >= end else { return nil }
        header = nil
        start = end
        return try Frame(known, buffer.span.bytes.extracting(payloadStart..<end))
    }

    /// Forgets everything; what comes later is no longer looked at.
    mutating func discard() {
        buffer = []
        start = 0
        header = nil
    }
}
