internal import CProtobufC

extension VersionedMessage {
    /// Takes away all that the mask does not name, fields unknown to this build included; counts as no change.
    public mutating func keep(_ mask: FieldMask<Self>) {
        content.keep(mask.root)
    }

    /// Makes the fields that the mask names what they are in the other object, unset where they are unset there.
    ///
    /// What becomes another value counts as a change. Lists and maps are taken as a whole: a path that goes into a list
    /// is refused, since nothing says which element is which.
    public mutating func merge(from other: Self, mask: FieldMask<Self>) throws(ObjectError) {
        var merged = content
        try merged.merge(mask.root, from: other.content)
        content = merged
    }
}

extension MessageContent {
    fileprivate mutating func keep(_ mask: FieldMaskNode) {
        let copy = storage.copy()
        unsafe copy.message.keep(mask, schema)
        var kept: UInt128 = 0
        for index in mask.children.keys { kept |= 1 << UInt128(index) }
        copy.changes &= kept
        self = MessageContent(copy)
    }

    fileprivate mutating func merge(_ mask: FieldMaskNode, from other: MessageContent) throws(ObjectError) {
        let schema = schema
        for (index, child) in mask.children.sorted(by: { $0.key < $1.key }) {
            guard !child.isWhole, let nested = schema.nested(index) else {
                take(index, of: other)
                continue
            }
            let field = schema.fields[index]
            guard !field.isRepeated else {
                throw ObjectError(
                    .invalidMask, object: schema.name, field: field.name,
                    message: "\(schema.name).\(field.name) is a list, which is merged as a whole only.")
            }
            guard isSet(index) || other.isSet(index) else { continue }
            var own = nestedContent(index, nested)
            let before = own
            try own.merge(child, from: other.nestedContent(index, nested))
            if own == before && isSet(index) { continue }
            let changed = change(index)
            let copy = unsafe own.storage.message.deepCopy(nested, in: changed.arena)
            unsafe changed.message.setMessage(layout(index), copy)
        }
    }

    /// The message that a field holds, or one in which nothing is set.
    private func nestedContent(_ index: Int, _ nested: MessageSchema) -> MessageContent {
        guard let message = unsafe storage.message.message(layout(index)) else { return MessageContent(nested) }
        return unsafe MessageContent(.viewing(message, nested, in: storage))
    }

    /// Makes a field what it is there.
    private mutating func take(_ index: Int, of other: MessageContent) {
        let (layout, schema) = (layout(index), schema)
        let source = unsafe other.storage.message
        if unsafe storage.message.isEqual(to: source, layout, schema, index) { return }
        let changed = change(index)
        unsafe changed.message.takeValue(layout, schema, index, of: source, in: changed.arena)
        withExtendedLifetime(other) {}
    }
}

extension RawMessage {
    /// Unsets, in a message that nobody else sees, what the mask does not name.
    fileprivate func keep(_ mask: FieldMaskNode, _ schema: MessageSchema) {
        unsafe header.pointee.n_unknown_fields = 0
        unsafe header.pointee.unknown_fields = nil
        for index in schema.fields.indices {
            let layout = schema.layout(index)
            guard unsafe isSet(layout) else { continue }
            guard let child = mask.children[index] else {
                unsafe unset(layout)
                continue
            }
            guard !child.isWhole, let nested = schema.nested(index) else { continue }
            let messages = unsafe values(layout, as: UnsafeMutableRawPointer.self)
            for position in messages.indices {
                unsafe RawMessage(messages[position]).keep(child, nested)
            }
        }
    }
}
