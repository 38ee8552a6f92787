internal import CProtobufC

extension MessageContent {
    /// Decodes a message into an arena of its own, checks it, and raises its objects from the sender's versions.
    public init(
        decoding bytes: UnsafeRawBufferPointer, schema: MessageSchema, from sender: Manifest?
    ) throws(ObjectError) {
        guard bytes.count <= MessageLimits.encodedLengthMax else {
            throw .encodedTooLong(schema, count: bytes.count)
        }
        let facts = schema.facts
        if facts.mayNestTooDeep {
            unsafe try checkNesting(bytes, schema, depth: 1)
        }
        let storage = MessageStorage.decoding(
            schema, capacity: schema.memoryExpected(encodedLength: bytes.count),
            limit: MessageLimits.decodingMemoryMax(encodedLength: bytes.count))
        unsafe try storage.decode(bytes, schema, from: sender)
        self.init(storage)
    }
}

extension MessageStorage {
    /// Decodes into this storage, which is new. A method, so that the storage outlives the pointers into it.
    fileprivate func decode(
        _ bytes: UnsafeRawBufferPointer, _ schema: MessageSchema, from sender: Manifest?
    ) throws(ObjectError) {
        let facts = schema.facts
        let head = unsafe head
        var allocator = unsafe Arena(head).allocator
        let unpacked = unsafe protobuf_c_message_unpack(
            schema.typedDescriptor, &allocator, bytes.count, bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
        guard let unpacked = unsafe unpacked else {
            throw unsafe .undecodable(schema, bytes.count, isExhausted: Arena(head).isExhausted)
        }
        let message = unsafe RawMessage(UnsafeMutableRawPointer(unpacked))
        if facts.hasMaps { unsafe message.arrangeMaps(schema, in: Arena(head)) }
        unsafe try message.validate(schema, from: .sender(sender))
        if let sender, facts.hasConversions {
            unsafe try message.raise(schema, from: sender, in: self)
            unsafe head.pointee.isValidated = false
        }
        unsafe head.pointee.settle(message)
    }
}

extension MessageSchema {
    /// The memory that a message of that encoded length usually takes, so that one chunk of an arena suffices.
    fileprivate func memoryExpected(encodedLength: Int) -> Int {
        // protobuf-c keeps notes on its stack for the first 16 fields that come, and for the next 32 in a kibibyte.
        let notes = unsafe layouts.count > 16 && encodedLength > 64 ? 1_024 : 0
        return structSize + encodedLength * 5 / 2 + notes + 64
    }
}

extension RawMessage {
    /// Applies its objects' conversions to a message that was just decoded into the storage.
    fileprivate func raise(
        _ schema: MessageSchema, from sender: Manifest, in storage: MessageStorage
    ) throws(ObjectError) {
        guard schema.facts.hasConversions else { return }
        for index in schema.fields.indices {
            let layout = schema.layout(index)
            guard let nested = schema.nested(index), unsafe isSet(layout) else { continue }
            let children = unsafe values(layout, as: UnsafeMutableRawPointer.self)
            for position in children.indices {
                unsafe try RawMessage(children[position]).raise(nested, from: sender, in: storage)
            }
        }
        guard let conversion = schema.conversion, let own = schema.version,
            let version = sender.plan(for: schema).version, version < own
        else { return }
        let content = unsafe try conversion.raise(MessageContent(.editing(self, schema, of: storage)), version)
        unsafe takeChanges(of: content, in: storage.arena)
    }
}

extension ObjectError {
    @inline(never)
    fileprivate static func undecodable(
        _ schema: MessageSchema, _ encodedLength: Int, isExhausted: Bool
    ) -> ObjectError {
        guard isExhausted else {
            return ObjectError(
                .malformed, object: schema.name, message: "The bytes are no \(schema.name) in protobuf's encoding.")
        }
        let memoryMax = MessageLimits.decodingMemoryMax(encodedLength: encodedLength)
        return ObjectError(
            .tooLong, object: schema.name,
            message: "\(schema.name) needs more than \(memoryMax) bytes of memory once decoded.")
    }

    static func encodedTooLong(_ schema: MessageSchema, count: Int) -> ObjectError {
        ObjectError(
            .tooLong, object: schema.name,
            message: "\(schema.name) has \(count) bytes encoded; at most \(MessageLimits.encodedLengthMax) are allowed."
        )
    }
}
