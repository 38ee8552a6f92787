/// A stream's number on its connection: odd when the dialler opened it, even when the acceptor did.
package struct StreamID: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt32

    package init(_ rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// The connection itself.
    package static var connection: StreamID { StreamID(0) }

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

    /// Where frames of this type belong: to a stream, to the connection, or to either.
    var isOfStream: Bool? {
        switch self {
        case .open, .message, .status, .cancel: true
        case .hello, .helloAck, .manifest, .ping, .pong, .goAway: false
        case .window: nil
        }
    }

    var allowedFlags: FrameFlags {
        switch self {
        case .open: [.more, .endStream, .idempotencyKey, .traceContext, .noMessage]
        case .message: [.more, .endStream, .noMessage]
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
    package static var more: FrameFlags { FrameFlags(rawValue: 1) }
    /// The sender's last message on the stream.
    package static var endStream: FrameFlags { FrameFlags(rawValue: 2) }
    /// OPEN carries an idempotency key.
    package static var idempotencyKey: FrameFlags { FrameFlags(rawValue: 4) }
    /// OPEN carries a trace context.
    package static var traceContext: FrameFlags { FrameFlags(rawValue: 8) }
    /// The frame carries no message, not even an empty one.
    package static var noMessage: FrameFlags { FrameFlags(rawValue: 16) }
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

    /// Reads and checks the header at an offset; its twelve bytes must be there.
    @inline(__always)
    init(decoding bytes: UnsafeRawBufferPointer, at offset: Int) throws(WireViolation) {
        let word = bytes.bigEndian(at: offset, as: UInt64.self)
        let stream = StreamID(bytes.bigEndian(at: offset + 8, as: UInt32.self))
        let length = Int(word >> 32)
        let flags = FrameFlags(rawValue: UInt8(truncatingIfNeeded: word >> 16))
        let typeNumber = UInt8(truncatingIfNeeded: word >> 24)
        // The frames of which there are many are found right in one go; what is wrong with a frame is told below.
        let isRight =
            length <= WireLimits.framePayloadLengthMax && word & 0xFFFF == 0 && stream != .connection
        if isRight, typeNumber == FrameType.message.rawValue, flags.rawValue & ~0b1_0011 == 0 {
            self.init(payloadLength: length, type: .message, flags: flags, stream: stream)
        } else if isRight, typeNumber == FrameType.open.rawValue, flags.rawValue & ~0b1_1111 == 0 {
            self.init(payloadLength: length, type: .open, flags: flags, stream: stream)
        } else {
            self = try Self.check(word, stream)
        }
    }

    private static func check(_ word: UInt64, _ stream: StreamID) throws(WireViolation) -> FrameHeader {
        let length = Int(word >> 32)
        guard length <= WireLimits.framePayloadLengthMax else {
            throw WireViolation(
                .limitExceeded, "a frame of \(length) bytes: the limit is \(WireLimits.framePayloadLengthMax)")
        }
        let typeNumber = UInt8(truncatingIfNeeded: word >> 24)
        guard let type = FrameType(rawValue: typeNumber) else {
            throw WireViolation("a frame of unknown type \(typeNumber)")
        }
        guard length <= type.payloadLengthMax else {
            throw WireViolation(
                .limitExceeded, "a \(type) frame of \(length) bytes: the limit is \(type.payloadLengthMax)")
        }
        let flags = FrameFlags(rawValue: UInt8(truncatingIfNeeded: word >> 16))
        guard flags.isSubset(of: type.allowedFlags) else {
            throw WireViolation("a \(type) frame with flags \(flags.rawValue)")
        }
        guard word & 0xFFFF == 0 else {
            throw WireViolation("a \(type) frame whose reserved bytes are not 0")
        }
        if let isOfStream = type.isOfStream, isOfStream != (stream != .connection) {
            throw WireViolation("a \(type) frame on stream \(stream)")
        }
        return FrameHeader(payloadLength: length, type: type, flags: flags, stream: stream)
    }
}
