internal import CProtobufC

/// A message ready to be written: checked, and lowered for its receiver.
@safe public struct MessageEncoding: @unchecked Sendable {
    // Sendable: a storage that is referenced from here as well is not written.

    /// Above so many bytes the length is computed, since room for the bound would be much more than is needed.
    public static let boundedByteCountMax = 16_000

    /// The encoded message has at most so many bytes; exactly so many when they are more than `boundedByteCountMax`.
    public let byteCountMax: Int
    private let storage: MessageStorage

    /// Consumes the reference to the message, which moves here: counting it is a good part of encoding a short one.
    init(_ message: consuming MessageStorage, for receiver: Manifest?) throws(ObjectError) {
        if unsafe !message.head.pointee.isValidated { try message.validate() }
        if let receiver { message = try message.lowered(for: receiver) }
        byteCountMax = unsafe try Self.byteCountMax(message.head)
        storage = message
    }

    private static func byteCountMax(_ head: UnsafeMutablePointer<MessageHead>) throws(ObjectError) -> Int {
        let schema = unsafe head.pointee.schema
        let bound = unsafe schema.facts.growth.byteCountMax(usedCount: head.pointee.usedCount)
        if bound <= boundedByteCountMax { return bound }
        let count = unsafe protobuf_c_message_get_packed_size(RawMessage(head.pointee.message).header)
        guard count <= MessageLimits.encodedLengthMax else { throw .encodedTooLong(schema, count: count) }
        return count
    }

    /// The length of the encoded message, computed anew each time.
    public var byteCount: Int {
        unsafe protobuf_c_message_get_packed_size(storage.message.header)
    }

    /// Writes the message at the buffer's beginning and returns its length; the buffer holds at least `byteCountMax`
    /// bytes, or `byteCount`.
    @discardableResult
    public func write(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        precondition(
            buffer.count >= byteCountMax || buffer.count >= byteCount, "the buffer is shorter than the encoded message")
        assert(byteCount <= byteCountMax, "the bound of the encoded message's length is none")
        guard let start = buffer.baseAddress else { return 0 }
        return unsafe protobuf_c_message_pack(storage.message.header, start.assumingMemoryBound(to: UInt8.self))
    }
}

extension MessageContent {
    /// The message as it goes to a receiver; see `VersionedMessage.encoding(for:)`.
    public func encoding(for receiver: Manifest?) throws(ObjectError) -> MessageEncoding {
        try MessageEncoding(storage, for: receiver)
    }
}
