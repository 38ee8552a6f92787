/// The bytes of a message that is to be sent, written where they are wanted.
package protocol MessageBytes {
    var byteCount: Int { get }
    /// Writes exactly `byteCount` bytes.
    func write(into buffer: UnsafeMutableRawBufferPointer)
}

extension [UInt8]: MessageBytes {
    package var byteCount: Int { count }

    package func write(into buffer: UnsafeMutableRawBufferPointer) {
        buffer.copyBytes(from: self)
    }
}

/// Frames that wait to be written to the peer.
package struct OutboundBuffer: ~Copyable {
    /// What was sent and lies before `start` is dropped when it is this much and half of all.
    private static let sentLengthMax = 64 * 1024

    private var bytes: [UInt8] = []
    private var start = 0
    /// Of all bytes that ever were in it, how many have been sent.
    private(set) var sentCount: UInt64 = 0

    /// How many bytes wait.
    package var count: Int { bytes.count - start }
    /// How many bytes it keeps, those included that were sent and whose memory is not used again yet.
    package var heldCount: Int { bytes.count }

    package init() {}

    /// The bytes that wait, oldest first; valid inside the closure.
    package borrowing func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    }

    /// Forgets the oldest `count` bytes: they have been written.
    package mutating func consume(_ count: Int) {
        start += count
        sentCount += UInt64(count)
        if start >= bytes.count {
            // A burst's memory is not kept for the life of a quiet connection.
            bytes.removeAll(keepingCapacity: bytes.capacity <= Self.sentLengthMax)
        } else if start >= Self.sentLengthMax, start >= bytes.count / 2 {
            // A queue that is never empty would grow by all that is ever sent. No byte is moved twice for one sent.
            bytes.removeSubrange(0..<start)
        } else {
            return
        }
        start = 0
    }

    mutating func append(_ header: FrameHeader) {
        append(UInt32(header.payloadLength))
        append(header.type.rawValue)
        append(header.flags.rawValue)
        append(0 as UInt16)
        append(header.stream.rawValue)
    }

    mutating func append(_ value: some FixedWidthInteger & BitwiseCopyable) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ more: some Sequence<UInt8>) {
        bytes.append(contentsOf: more)
    }

    /// Appends a message in as many frames as it takes, the first after `prefixLength` bytes of payload
    /// that `prefix` writes.
    mutating func append(
        _ message: some MessageBytes, type: FrameType, flags: FrameFlags, stream: StreamID,
        prefixLength: Int = 0, prefix: (inout OutboundBuffer) -> Void = { _ in }
    ) {
        let length = message.byteCount
        let room = WireLimits.framePayloadLengthMax - prefixLength
        if length <= room {
            append(FrameHeader(payloadLength: prefixLength + length, type: type, flags: flags, stream: stream))
            prefix(&self)
            let end = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: length))
            bytes.withUnsafeMutableBytes { message.write(into: UnsafeMutableRawBufferPointer(rebasing: $0[end...])) }
            return
        }
        let whole = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            message.write(into: UnsafeMutableRawBufferPointer(buffer))
            count = length
        }
        let endStream = flags.intersection(.endStream)
        append(
            FrameHeader(
                payloadLength: WireLimits.framePayloadLengthMax, type: type,
                flags: flags.subtracting(.endStream).union(.more), stream: stream))
        prefix(&self)
        bytes.append(contentsOf: whole[..<room])
        var offset = room
        while offset < length {
            let part = min(length - offset, WireLimits.framePayloadLengthMax)
            let isLast = offset + part == length
            append(
                FrameHeader(
                    payloadLength: part, type: type == .manifest ? .manifest : .message,
                    flags: isLast ? endStream : .more, stream: stream))
            bytes.append(contentsOf: whole[offset..<offset + part])
            offset += part
        }
    }
}
