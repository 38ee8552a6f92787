/// A message as a receiver understands it, with everything that keeps its memory alive.
@safe struct LoweredMessage: @unchecked Sendable {
    // Sendable: what it refers to is not written any more.

    private let original: MessageStorage
    private let lowering: Lowering?
    private let address: UnsafeMutableRawPointer

    init(_ content: MessageContent, for receiver: Manifest?) throws(ObjectError) {
        original = content.storage
        if let receiver, !receiver.understands(content.schema.tree) {
            let lowering = Lowering(for: receiver)
            unsafe address = unsafe try lowering.lowered(original.message, content.schema).base
            self.lowering = lowering
        } else {
            unsafe address = unsafe original.message.base
            lowering = nil
        }
    }

    var message: RawMessage { unsafe RawMessage(address) }
}

extension Manifest {
    /// Whether all objects of the tree can go to the receiver as they are.
    fileprivate func understands(_ tree: MessageTree) -> Bool {
        !tree.hasRetiredFields
            && tree.objects.allSatisfy { object in
                guard let version = versions[object.name] else { return false }
                return version.major == object.version.major && version >= object.version
            }
    }
}

/// Lowers one message: copies the structs on the way to what has to go, and leaves the rest where it is.
private final class Lowering {
    private let receiver: Manifest
    private let arena = Arena(capacity: 1_024)
    /// The results of conversion hooks, which live in arenas of their own.
    private var conversions: [MessageContent] = []

    init(for receiver: Manifest) {
        self.receiver = receiver
    }

    /// The message itself when the receiver understands all that is set in it.
    func lowered(_ original: RawMessage, _ schema: MessageSchema) throws(ObjectError) -> RawMessage {
        var source = unsafe original
        var target: ObjectVersion?
        if let own = schema.version {
            let known = try self.target(of: schema, own)
            unsafe source = try converted(original, schema, to: known)
            target = known
        }
        var message = unsafe source
        if let own = schema.version, let target {
            for index in schema.layouts.indices where unsafe isUnknown(index, of: message, schema, at: target) {
                let (field, layout) = (schema.fields[index], schema.layouts[index])
                if field.lowering == .refuse { throw .lost(schema, field, own: own, target: target) }
                let known = unsafe knownValues(message, layout, field, at: target)
                unsafe set(known, ownCopy(&message, source, schema), layout)
            }
        }
        for (index, layout) in schema.layouts.enumerated() {
            guard case .message(let nested) = schema.fields[index].kind, unsafe message.isSet(layout) else { continue }
            unsafe try lowerNested(&message, source, schema, layout, nested())
        }
        return unsafe message
    }

    /// The receiver's version of the object, if the two understand each other at all.
    private func target(of schema: MessageSchema, _ own: ObjectVersion) throws(ObjectError) -> ObjectVersion {
        guard let target = receiver.versions[schema.name] else {
            throw ObjectError(
                .lostInLowering, object: schema.name,
                message: "\(schema.name) \(own) cannot be sent to a receiver that does not know the object.",
                ownVersion: own)
        }
        guard target.major == own.major else {
            throw ObjectError(
                .lostInLowering, object: schema.name,
                message: "\(schema.name) \(own) cannot be sent to a receiver of version \(target): "
                    + "the major versions differ.",
                ownVersion: own, targetVersion: target)
        }
        return target
    }

    /// Whether the field is set and the target version lacks it or a value that it has.
    private func isUnknown(
        _ index: Int, of message: RawMessage, _ schema: MessageSchema, at target: ObjectVersion
    ) -> Bool {
        let (field, layout) = (schema.fields[index], schema.layouts[index])
        guard unsafe message.isSet(layout) else { return false }
        guard field.exists(at: target) else { return true }
        guard case .enumeration(let enumeration) = field.kind, enumeration.hasNewerValues else { return false }
        return unsafe message.values(layout, as: Int32.self).contains { !enumeration.knows($0, at: target) }
    }

    /// The message after the object's hook, which runs when something is set that it is there for.
    private func converted(
        _ message: RawMessage, _ schema: MessageSchema, to target: ObjectVersion
    ) throws(ObjectError) -> RawMessage {
        guard let conversion = schema.conversion else { return unsafe message }
        let isNeeded = schema.fields.indices.contains { index in
            guard schema.fields[index].lowering == .convert else { return false }
            return unsafe isUnknown(index, of: message, schema, at: target)
        }
        guard isNeeded else { return unsafe message }
        var content = unsafe MessageContent(MessageStorage(schema, copying: message))
        try conversion.lower(&content, target)
        try content.validate()
        conversions.append(content)
        return unsafe content.storage.message
    }

    /// The struct to write: a copy in this arena, made when it is first asked for.
    private func ownCopy(_ message: inout RawMessage, _ source: RawMessage, _ schema: MessageSchema) -> RawMessage {
        if unsafe message.base == source.base {
            unsafe message = unsafe message.shallowCopy(schema, in: arena)
        }
        return unsafe message
    }

    /// The enumeration's values that the target version knows; none when it lacks the whole field.
    private func knownValues(
        _ message: RawMessage, _ layout: FieldLayout, _ field: FieldSchema, at target: ObjectVersion
    ) -> [Int32] {
        guard field.exists(at: target), case .enumeration(let enumeration) = field.kind else { return [] }
        return unsafe message.values(layout, as: Int32.self).filter { enumeration.knows($0, at: target) }
    }

    private func set(_ numbers: [Int32], _ message: RawMessage, _ layout: FieldLayout) {
        guard !numbers.isEmpty else { return unsafe message.unset(layout) }
        // Only a list can lose some of its values and keep others.
        let elements = unsafe numbers.withUnsafeBytes { unsafe arena.copy($0.baseAddress, count: $0.count) }
        unsafe message.setList(layout, elements, count: numbers.count)
    }

    private func lowerNested(
        _ message: inout RawMessage, _ source: RawMessage, _ schema: MessageSchema, _ layout: FieldLayout,
        _ nested: MessageSchema
    ) throws(ObjectError) {
        let children = unsafe message.values(layout, as: UnsafeMutableRawPointer.self)
        var replaced = unsafe [UnsafeMutableRawPointer](children)
        for position in unsafe replaced.indices {
            unsafe replaced[position] = unsafe try lowered(RawMessage(replaced[position]), nested).base
        }
        guard unsafe !replaced.elementsEqual(children) else { return }
        let copy = unsafe ownCopy(&message, source, schema)
        if layout.isRepeated {
            let list = unsafe replaced.withUnsafeBytes { unsafe arena.copy($0.baseAddress, count: $0.count) }
            unsafe copy.setList(layout, list, count: replaced.count)
        } else {
            unsafe copy.setMessage(layout, RawMessage(replaced[0]))
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
