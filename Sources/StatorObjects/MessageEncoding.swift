internal import CProtobufC

/// A message ready to be written: checked, and lowered for its receiver.
@safe public struct MessageEncoding: @unchecked Sendable {
    // Sendable: a storage that is referenced from here as well is not written.

    /// Above so many bytes the length is computed, since room for the bound would be much more than is needed.
    public static let boundedByteCountMax = 16_000

    /// The encoded message has at most so many bytes; exactly so many when they are more than `boundedByteCountMax`.
    public let byteCountMax: Int
    private let storage: MessageStorage
    /// How to leave out, when the message is written, what its receiver does not understand.
    private let plan: LoweringPlan?
    /// What the plan belongs to.
    private let receiver: Manifest?

    /// Consumes the reference to the message, which moves here: counting it is a good part of encoding a short one.
    init(_ message: consuming MessageStorage, for receiver: Manifest?) throws(ObjectError) {
        if unsafe !message.head.pointee.isValidated { try message.validate() }
        guard let receiver else {
            try self.init(valid: message, nil, nil)
            return
        }
        let schema = unsafe message.head.pointee.schema
        let plan = receiver.plan(for: schema)
        let need = plan.isEmpty ? .nothing : try Self.lower(&message, plan)
        try self.init(valid: message, need == .nothing ? nil : plan, need == .nothing ? nil : receiver)
    }

    private init(
        valid message: consuming MessageStorage, _ plan: LoweringPlan?, _ receiver: Manifest?
    ) throws(ObjectError) {
        let schema = unsafe message.head.pointee.schema
        // What is left out makes the message shorter, and a value's stand-in has the same bound as the value.
        let bound = unsafe schema.facts.growth.byteCountMax(usedCount: message.head.pointee.usedCount)
        if bound > Self.boundedByteCountMax {
            let count = unsafe Self.byteCount(message.message, plan)
            guard count <= MessageLimits.encodedLengthMax else { throw .encodedTooLong(schema, count: count) }
            byteCountMax = count
        } else {
            byteCountMax = bound
        }
        self.plan = plan
        self.receiver = receiver
        storage = message
    }

    private static func lower(
        _ message: inout MessageStorage, _ plan: LoweringPlan
    ) throws(ObjectError) -> LoweringNeed {
        let need = unsafe try LoweringSurvey().need(of: message.message, plan)
        if need == .conversion { message = try message.converted(plan) }
        return need
    }

    private static func byteCount(_ message: RawMessage, _ plan: LoweringPlan?) -> Int {
        guard let plan else { return unsafe protobuf_c_message_get_packed_size(message.header) }
        return unsafe message.withReduction(by: plan) { reduced in
            unsafe protobuf_c_message_get_packed_size(reduced.header)
        }
    }

    /// The length of the encoded message, computed anew each time.
    public var byteCount: Int {
        unsafe Self.byteCount(storage.message, plan)
    }

    /// Writes the message at the buffer's beginning and returns its length; the buffer holds at least `byteCountMax`
    /// bytes, or `byteCount`.
    @discardableResult
    public func write(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        precondition(
            buffer.count >= byteCountMax || buffer.count >= byteCount, "the buffer is shorter than the encoded message")
        assert(byteCount <= byteCountMax, "the bound of the encoded message's length is none")
        guard let start = buffer.baseAddress else { return 0 }
        let bytes = unsafe start.assumingMemoryBound(to: UInt8.self)
        guard let plan else { return unsafe protobuf_c_message_pack(storage.message.header, bytes) }
        return unsafe storage.message.withReduction(by: plan) { reduced in
            unsafe protobuf_c_message_pack(reduced.header, bytes)
        }
    }
}

extension MessageContent {
    /// The message as it goes to a receiver; see `VersionedMessage.encoding(for:)`.
    public consuming func encoding(for receiver: Manifest?) throws(ObjectError) -> MessageEncoding {
        try MessageEncoding(storage, for: receiver)
    }
}
