internal import CProtobufC

/// A message ready to be written: checked, lowered for its receiver, its length known.
@safe public struct MessageEncoding: Sendable {
    /// The length of the encoded message.
    public let byteCount: Int
    private let lowered: LoweredMessage

    init(_ content: MessageContent, for receiver: Manifest?) throws(ObjectError) {
        try content.validate()
        lowered = try LoweredMessage(content, for: receiver)
        byteCount = unsafe protobuf_c_message_get_packed_size(lowered.message.header)
        guard byteCount <= MessageLimits.encodedLengthMax else {
            throw .encodedTooLong(content.schema, count: byteCount)
        }
    }

    /// Writes the message at the buffer's beginning; the buffer holds at least `byteCount` bytes.
    public func write(into buffer: UnsafeMutableRawBufferPointer) {
        precondition(buffer.count >= byteCount, "the buffer is shorter than the encoded message")
        guard let start = buffer.baseAddress else { return }
        let count = unsafe protobuf_c_message_pack(
            lowered.message.header, start.assumingMemoryBound(to: UInt8.self))
        assert(count == byteCount, "the message changed while it was encoded")
    }
}
