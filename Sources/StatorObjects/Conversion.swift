internal import CProtobufC

extension MessageStorage {
    /// The message after the hooks of its objects, each of which runs when something is set that it is there for; what
    /// the receiver lacks is still in it.
    ///
    /// Throws when a hook refuses, or something else must not be lost.
    func converted(_ plan: LoweringPlan) throws(ObjectError) -> MessageStorage {
        let storage: MessageStorage
        if let conversion = schema.conversion, let own = schema.version, unsafe plan.needsConversion(message) {
            let target = try plan.target(own)
            let content = try conversion.lower(MessageContent(.editing(self)), target)
            try content.validate(fields: content.storage.changes)
            storage = content.storage
        } else {
            storage = MessageStorage.editing(self)
        }
        defer { withExtendedLifetime(storage) {} }
        let conversion = unsafe Conversion(storage: storage)
        unsafe try conversion.convertNested(in: storage.message, plan)
        _ = unsafe try LoweringSurvey(isConverted: true).need(of: storage.message, plan)
        return storage
    }
}

/// Runs the hooks of the objects that a message contains.
@unsafe private struct Conversion {
    /// Keeps what the messages refer to, and has the arena that copied structs lie in.
    let storage: MessageStorage

    /// Replaces those of a message's children that hooks have changed; the message's struct may be written.
    func convertNested(in message: RawMessage, _ plan: LoweringPlan) throws(ObjectError) {
        let fields = unsafe plan.nestedFields
        for position in fields.indices {
            let field = unsafe fields[position]
            guard unsafe message.isSet(field.layout), let nested = plan.schema.nested(field.index),
                nested.facts.hasConversions
            else { continue }
            let nestedPlan = plan.plan(for: nested)
            guard field.layout.isRepeated else {
                if let child = unsafe message.message(field.layout) {
                    unsafe message.setMessage(field.layout, try converted(child, nestedPlan))
                }
                continue
            }
            let count = unsafe message.count(field.layout)
            let size = count * field.layout.storage.size
            guard let copy = unsafe storage.arena.copy(message.list(field.layout), count: size) else { continue }
            unsafe message.setList(field.layout, copy, count: count)
            let children = unsafe message.messages(field.layout)
            for child in children.indices {
                unsafe children[child] = unsafe try converted(RawMessage(children[child]), nestedPlan).base
            }
        }
    }

    /// A copy of the message's struct, with what its own hook and those of its children have changed.
    private func converted(_ message: RawMessage, _ plan: LoweringPlan) throws(ObjectError) -> RawMessage {
        let schema = plan.schema
        if plan.isEmpty { return unsafe message }
        let copy = unsafe message.shallowCopy(schema, in: storage.arena)
        if let conversion = schema.conversion, let own = schema.version, unsafe plan.needsConversion(message) {
            let target = try plan.target(own)
            let content = unsafe try conversion.lower(
                MessageContent(.editing(message, schema, of: storage)), target)
            try content.validate(fields: content.storage.changes)
            unsafe copy.takeChanges(of: content, in: storage.arena)
        }
        unsafe try convertNested(in: copy, plan)
        return unsafe copy
    }
}

extension RawMessage {
    /// Takes copies of those fields that have changed there.
    func takeChanges(of content: MessageContent, in arena: Arena) {
        defer { withExtendedLifetime(content) {} }
        let changes = content.storage.changes
        let schema = content.schema
        let other = unsafe content.storage.message
        for index in schema.fields.indices where changes & (1 << UInt128(index)) != 0 {
            unsafe takeValue(schema.layout(index), schema, index, of: other, in: arena)
        }
    }
}
