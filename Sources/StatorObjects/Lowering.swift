extension MessageStorage {
    /// The message as the receiver understands it: itself where nothing has to go.
    @inline(never)
    func lowered(for receiver: Manifest) throws(ObjectError) -> MessageStorage {
        let plan = receiver.plan(for: schema)
        if plan.isEmpty { return self }
        let storage = MessageStorage.lowering(self)
        defer { withExtendedLifetime(storage) {} }
        let original = unsafe message
        let lowering = unsafe Lowering(receiver: receiver, arena: storage.arena)
        let lowered = unsafe try lowering.lowered(original, plan)
        if unsafe lowered.base == original.base { return self }
        unsafe storage.settle(lowered)
        return storage
    }
}

/// Lowers one message: copies the structs on the way to what has to go, and leaves the rest where it is.
@unsafe private struct Lowering {
    let receiver: Manifest
    /// Where the copied structs lie.
    let arena: Arena

    /// The message itself when the receiver understands all that is set in it.
    func lowered(_ original: RawMessage, _ plan: LoweringPlan) throws(ObjectError) -> RawMessage {
        if plan.isEmpty { return unsafe original }
        let schema = plan.schema
        var source = unsafe original
        var target: ObjectVersion?
        if let own = schema.version {
            let known = try plan.target(own)
            unsafe source = try converted(original, plan, to: known)
            target = known
        }
        var message = unsafe source
        if let own = schema.version, let target {
            for field in plan.restrictedFields where unsafe isUnknown(field, of: message, schema, at: target) {
                guard field.lowering != .refuse else {
                    throw .lost(schema, schema.fields[field.index], own: own, target: target)
                }
                let copy = unsafe ownCopy(&message, source, schema)
                if field.isMissing {
                    unsafe copy.unset(field.layout)
                } else {
                    unsafe set(knownValues(copy, field, schema, at: target), copy, field.layout)
                }
            }
        }
        for index in plan.loweredMessages {
            let layout = schema.layout(index)
            guard unsafe message.isSet(layout), let nested = schema.nested(index) else { continue }
            unsafe try lowerNested(&message, source, schema, layout, receiver.plan(for: nested))
        }
        return unsafe message
    }

    /// Whether the field is set and the target version lacks it or a value that it has.
    private func isUnknown(
        _ field: LoweringPlan.RestrictedField, of message: RawMessage, _ schema: MessageSchema,
        at target: ObjectVersion
    ) -> Bool {
        guard unsafe message.isSet(field.layout) else { return false }
        if field.isMissing { return true }
        guard case .enumeration(let enumeration) = schema.fields[field.index].kind else { return false }
        return unsafe message.values(field.layout, as: Int32.self).contains { !enumeration.knows($0, at: target) }
    }

    /// The message after the object's hook, which runs when something is set that it is there for.
    private func converted(
        _ message: RawMessage, _ plan: LoweringPlan, to target: ObjectVersion
    ) throws(ObjectError) -> RawMessage {
        let schema = plan.schema
        guard let conversion = schema.conversion else { return unsafe message }
        let isNeeded = plan.restrictedFields.contains { field in
            unsafe field.lowering == .convert && isUnknown(field, of: message, schema, at: target)
        }
        guard isNeeded else { return unsafe message }
        var content = unsafe MessageContent(.copying(message, schema))
        try conversion.lower(&content, target)
        try content.storage.validate()
        // The hook's result goes when nothing names it any more; its struct must stay until it is copied.
        return unsafe withExtendedLifetime(content) {
            unsafe content.storage.message.deepCopy(schema, in: arena)
        }
    }

    /// The struct to write: a copy in this arena, made when it is first asked for.
    private func ownCopy(_ message: inout RawMessage, _ source: RawMessage, _ schema: MessageSchema) -> RawMessage {
        if unsafe message.base == source.base {
            unsafe message = unsafe message.shallowCopy(schema, in: arena)
        }
        return unsafe message
    }

    /// Those of the field's enumeration's values that the target version knows.
    private func knownValues(
        _ message: RawMessage, _ field: LoweringPlan.RestrictedField, _ schema: MessageSchema,
        at target: ObjectVersion
    ) -> [Int32] {
        guard case .enumeration(let enumeration) = schema.fields[field.index].kind else { return [] }
        return unsafe message.values(field.layout, as: Int32.self).filter { enumeration.knows($0, at: target) }
    }

    private func set(_ numbers: [Int32], _ message: RawMessage, _ layout: FieldLayout) {
        guard !numbers.isEmpty else { return unsafe message.unset(layout) }
        // Only a list can lose some of its values and keep others.
        let elements = unsafe numbers.withUnsafeBytes { unsafe arena.copy($0.baseAddress, count: $0.count) }
        unsafe message.setList(layout, elements, count: numbers.count)
    }

    private func lowerNested(
        _ message: inout RawMessage, _ source: RawMessage, _ schema: MessageSchema, _ layout: FieldLayout,
        _ plan: LoweringPlan
    ) throws(ObjectError) {
        let children = unsafe message.values(layout, as: UnsafeMutableRawPointer.self)
        guard layout.isRepeated else {
            let child = unsafe try lowered(RawMessage(children[0]), plan)
            if unsafe child.base != children[0] {
                unsafe ownCopy(&message, source, schema).setMessage(layout, child)
            }
            return
        }
        var replaced: UnsafeMutablePointer<UnsafeMutableRawPointer>?
        for position in children.indices {
            let child = unsafe try lowered(RawMessage(children[position]), plan)
            if unsafe child.base == children[position] { continue }
            // The list is copied when the first of its messages has to be replaced.
            let size = children.count * layout.storage.size
            unsafe replaced =
                unsafe replaced
                ?? arena.copy(children.baseAddress, count: size)?
                .assumingMemoryBound(to: UnsafeMutableRawPointer.self)
            unsafe replaced?[position] = unsafe child.base
        }
        if let list = unsafe replaced {
            unsafe ownCopy(&message, source, schema).setList(layout, list, count: children.count)
        }
    }
}

extension ObjectError {
    fileprivate static func lost(
        _ schema: MessageSchema, _ field: FieldSchema, own: ObjectVersion, target: ObjectVersion
    ) -> ObjectError {
        ObjectError(
            .lostInLowering, object: schema.name, field: field.name,
            message: "\(schema.name) \(own) cannot be sent to a receiver of version \(target): "
                + "its field \(field.name) would be lost.",
            ownVersion: own, targetVersion: target)
    }
}
