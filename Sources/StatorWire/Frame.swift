/// A stream's number on its connection: odd when the dialler opened it, even when the acceptor did.
package struct StreamID: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt32

    package init(_ rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// The connection itself.
    package static let connection = StreamID(0)

    package var description: String { String(rawValue) }
}

package enum FrameType: UInt8, Sendable, CaseIterable {
    case hello = 1
    case helloAck = 2
    case manifest = 3
    case open = 4
    case message = 5
    case status = 6
    case cancel = 7
    case window = 8
    case ping = 9
    case pong = 10
    case goAway = 11

    /// Whether frames of this type belong to a stream, and not to the connection.
    var isOfStream: Bool {
        switch self {
        case .open, .message, .status, .cancel, .window: true
        case .hello, .helloAck, .manifest, .ping, .pong, .goAway: false
        }
    }

    var allowedFlags: FrameFlags {
        switch self {
        case .open: [.more, .endStream, .idempotencyKey, .traceContext]
        case .message: [.more, .endStream]
        case .manifest: [.more]
        case .hello, .helloAck, .status, .cancel, .window, .ping, .pong, .goAway: []
        }
    }

    var payloadLengthMax: Int {
        switch self {
        case .hello: WireLimits.helloLengthMax
        case .helloAck: 1
        case .manifest, .open, .message: WireLimits.framePayloadLengthMax
        case .status: CallStatus.headerLength + WireLimits.textLengthMax + WireLimits.statusDetailsLengthMax
        case .cancel: 0
        case .window: 4
        case .ping, .pong: 8
        case .goAway: GoAway.headerLength + WireLimits.textLengthMax
        }
    }
}

package struct FrameFlags: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The message goes on in the next MESSAGE (or MANIFEST) frame of the same stream.
    package static let more = FrameFlags(rawValue: 1)
    /// The sender's last message on the stream.
    package static let endStream = FrameFlags(rawValue: 2)
    /// OPEN carries an idempotency key.
    package static let idempotencyKey = FrameFlags(rawValue: 4)
    /// OPEN carries a trace context.
    package static let traceContext = FrameFlags(rawValue: 8)
}

/// The twelve bytes before every payload.
package struct FrameHeader: Equatable, Sendable {
    package var payloadLength: Int
    package var type: FrameType
    package var flags: FrameFlags
    package var stream: StreamID

    package init(payloadLength: Int, type: FrameType, flags: FrameFlags = [], stream: StreamID = .connection) {
        self.payloadLength = payloadLength
        self.type = type
        self.flags = flags
        self.stream = stream
    }

    /// Reads and checks the header in the first twelve bytes, which must be there.
    init(decoding bytes: RawSpan) throws(WireViolation) {
        let length = Int(bytes.bigEndian(at: 0, as: UInt32.self))
        guard length <= WireLimits.framePayloadLengthMax else {
            throw WireViolation(
                .limitExceeded, "a frame of \(length) bytes: the limit is \(WireLimits.framePayloadLengthMax)")
        }
        let typeNumber = bytes.bigEndian(at: 4, as: UInt8.self)
        guard let type = FrameType(rawValue: typeNumber) else {
            throw WireViolation("a frame of unknown type \(typeNumber)")
        }
        guard length <= type.payloadLengthMax else {
            throw WireViolation(
                .limitExceeded, "a \(type) frame of \(length) bytes: the limit is \(type.payloadLengthMax)")
        }
        let flags = FrameFlags(rawValue: bytes.bigEndian(at: 5, as: UInt8.self))
        guard flags.isSubset(of: type.allowedFlags) else {
            throw WireViolation("a \(type) frame with flags \(flags.rawValue)")
        }
        guard bytes.bigEndian(at: 6, as: UInt16.self) == 0 else {
            throw WireViolation("a \(type) frame whose reserved bytes are not 0")
        }
        let stream = StreamID(bytes.bigEndian(at: 8, as: UInt32.self))
        guard type.isOfStream == (stream != .connection) else {
            throw WireViolation("a \(type) frame on stream \(stream)")
        }
        self.init(payloadLength: length, type: type, flags: flags, stream: stream)
    }
}

extension RawSpan {
    /// The big-endian integer at an offset; the caller has checked that its bytes are there.
    func bigEndian<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Value.Type) -> Value {
        precondition(offset >= 0 && offset + MemoryLayout<Value>.size <= byteCount, "an offset not checked before")
        return Value(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: type))
    }

    /// A copy of the bytes in a range; the caller has checked that they are there.
    func copy(_ range: Range<Int>) -> [UInt8] {
        extracting(range).withUnsafeBytes { [UInt8]($0) }
    }

    /// The text in a range, when it is UTF-8.
    func text(_ range: Range<Int>) -> String? {
        extracting(range).withUnsafeBytes { String(validating: $0, as: UTF8.self) }
    }
}
