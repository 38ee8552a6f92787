internal import CProtobufC

extension MessageContent {
    /// Decodes a message into an arena of its own, checks it, and raises its objects from the sender's versions.
    public init(
        decoding bytes: UnsafeRawBufferPointer, schema: MessageSchema, from sender: Manifest?
    ) throws(ObjectError) {
        guard bytes.count <= MessageLimits.encodedLengthMax else {
            throw .encodedTooLong(schema, count: bytes.count)
        }
        if schema.tree.depth.map({ $0 > MessageLimits.nestingDepthMax }) ?? true {
            unsafe try checkNesting(bytes, schema, depth: 1)
        }
        let memoryMax = MessageLimits.decodingMemoryMax(encodedLength: bytes.count)
        let arena = Arena(capacity: schema.structSize + 2 * bytes.count + 128, limit: memoryMax)
        let unpacked = unsafe arena.withAllocator { allocator in
            unsafe protobuf_c_message_unpack(
                schema.typedDescriptor, allocator, bytes.count, bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
        }
        guard let unpacked = unsafe unpacked else {
            guard arena.isExhausted else {
                throw ObjectError(
                    .malformed, object: schema.name, message: "The bytes are no \(schema.name) in protobuf's encoding.")
            }
            throw ObjectError(
                .tooLong, object: schema.name,
                message: "\(schema.name) needs more than \(memoryMax) bytes of memory once decoded.")
        }
        let message = unsafe RawMessage(UnsafeMutableRawPointer(unpacked))
        unsafe try message.validate(schema)
        if let sender, schema.tree.hasConversions {
            let raised = unsafe try message.raised(schema, from: sender, in: arena)
            self.init(unsafe MessageStorage(schema, decoded: raised, in: arena))
            storage.isValidated = false
        } else {
            self.init(unsafe MessageStorage(schema, decoded: message, in: arena))
        }
    }
}

extension RawMessage {
    /// The message with its objects' conversions applied; itself where there are none.
    fileprivate func raised(
        _ schema: MessageSchema, from sender: Manifest, in arena: Arena
    ) throws(ObjectError) -> RawMessage {
        guard schema.tree.hasConversions else { return unsafe self }
        for (index, layout) in schema.layouts.enumerated() {
            guard case .message(let nested) = schema.fields[index].kind, unsafe isSet(layout) else { continue }
            let children = unsafe values(layout, as: UnsafeMutableRawPointer.self)
            for position in children.indices {
                let child = unsafe RawMessage(children[position])
                unsafe children[position] = unsafe try child.raised(nested(), from: sender, in: arena).base
            }
        }
        guard let conversion = schema.conversion, let own = schema.version, let version = sender.versions[schema.name],
            version < own
        else { return unsafe self }
        var content = unsafe MessageContent(MessageStorage(schema, copying: self))
        try conversion.raise(&content, version)
        // The hook's result goes when nothing names it any more; its struct must stay until it is copied.
        return unsafe withExtendedLifetime(content) {
            unsafe content.storage.message.deepCopy(schema, in: arena)
        }
    }
}

extension ObjectError {
    static func encodedTooLong(_ schema: MessageSchema, count: Int) -> ObjectError {
        ObjectError(
            .tooLong, object: schema.name,
            message: "\(schema.name) has \(count) bytes encoded; at most \(MessageLimits.encodedLengthMax) are allowed."
        )
    }
}
