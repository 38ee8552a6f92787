internal import CProtobufC

extension MessageContent {
    /// Throws when the message cannot be said to the receiver; see `VersionedMessage.canLower(to:)`.
    func canLower(to receiver: Manifest) throws(ObjectError) {
        let plan = receiver.plan(for: schema)
        if plan.isEmpty { return }
        guard unsafe try LoweringSurvey().need(of: storage.message, plan) == .conversion else { return }
        _ = try storage.converted(plan)
    }
}

/// What has to be done to a message before its receiver understands it.
enum LoweringNeed: UInt8, BitwiseCopyable {
    case nothing
    /// Fields are to be left out, or values replaced.
    case reduction
    /// A hook has to say first in older fields what newer ones say.
    case conversion
}

/// Looks for what a receiver does not understand, and changes nothing.
struct LoweringSurvey {
    /// Fields that a hook is there for have been translated, so that what is left of them goes.
    private let isConverted: Bool

    init(isConverted: Bool = false) {
        self.isConverted = isConverted
    }

    /// Throws when something must not be lost, unless a hook has to be asked first.
    func need(of message: RawMessage, _ plan: LoweringPlan) throws(ObjectError) -> LoweringNeed {
        if plan.isEmpty { return .nothing }
        var need = LoweringNeed.nothing
        if let own = plan.schema.version {
            let target = try plan.target(own)
            if unsafe !isConverted && plan.needsConversion(message) { return .conversion }
            let fields = unsafe plan.restrictedFields
            for position in fields.indices {
                let field = unsafe fields.baseAddress.unsafelyUnwrapped + position
                guard unsafe plan.restricts(message, field.pointee) else { continue }
                if unsafe field.pointee.lowering == .refuse {
                    unsafe try plan.checkLoss(message, field.pointee, own: own, target: target)
                }
                need = .reduction
            }
        }
        let nestedFields = unsafe plan.nestedFields
        for position in nestedFields.indices {
            let field = unsafe nestedFields[position]
            guard unsafe message.isSet(field.layout), let nested = plan.schema.nested(field.index) else { continue }
            let nestedPlan = plan.plan(for: nested)
            let children = unsafe message.values(field.layout, as: UnsafeMutableRawPointer.self)
            for child in children.indices {
                switch unsafe try self.need(of: RawMessage(children[child]), nestedPlan) {
                case .nothing: continue
                case .reduction: need = .reduction
                case .conversion: return .conversion
                }
            }
        }
        return need
    }
}

/// Leaves out, and replaces, what a receiver does not understand; the structs on the way there are copied, and the rest
/// stays where it is.
@unsafe struct Reduction {
    /// Where the copied structs lie.
    private let arena: Arena

    init(in arena: Arena) {
        unsafe self.arena = unsafe arena
    }

    /// The message itself when the receiver understands all that is set in it.
    func reduced(_ original: RawMessage, _ plan: LoweringPlan) -> RawMessage {
        if plan.isEmpty { return unsafe original }
        var copy: RawMessage?
        func writable() -> RawMessage {
            if let copy = unsafe copy { return unsafe copy }
            let made = unsafe original.shallowCopy(plan.schema, in: arena)
            unsafe copy = unsafe made
            return unsafe made
        }
        let fields = unsafe plan.restrictedFields
        for position in fields.indices {
            let field = unsafe fields.baseAddress.unsafelyUnwrapped + position
            guard unsafe plan.restricts(original, field.pointee) else { continue }
            if unsafe field.pointee.isMissing {
                unsafe writable().unset(field.pointee.layout)
            } else {
                unsafe replaceValues(of: writable(), field.pointee, plan)
            }
        }
        let nestedFields = unsafe plan.nestedFields
        for position in nestedFields.indices {
            let field = unsafe nestedFields[position]
            // What was just unset is not looked at.
            guard unsafe (copy ?? original).isSet(field.layout), let nested = plan.schema.nested(field.index) else {
                continue
            }
            unsafe reduceNested(copy ?? original, field.layout, plan.plan(for: nested), writable)
        }
        return unsafe copy ?? original
    }

    private func reduceNested(
        _ message: RawMessage, _ layout: FieldLayout, _ plan: LoweringPlan, _ writable: () -> RawMessage
    ) {
        let children = unsafe message.values(layout, as: UnsafeMutableRawPointer.self)
        guard layout.isRepeated else {
            let child = unsafe reduced(RawMessage(children[0]), plan)
            if unsafe child.base != children[0] { unsafe writable().setMessage(layout, child) }
            return
        }
        var replaced: UnsafeMutablePointer<UnsafeMutableRawPointer>?
        for position in children.indices {
            let child = unsafe reduced(RawMessage(children[position]), plan)
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
            unsafe writable().setList(layout, list, count: children.count)
        }
    }

    /// Puts in place of the enumeration's values that the receiver lacks those that stand for them; a value without one
    /// goes.
    private func replaceValues(of message: RawMessage, _ field: LoweringPlan.RestrictedField, _ plan: LoweringPlan) {
        if let value = field.mapValue {
            return unsafe replaceEntries(of: message, field, value, plan)
        }
        let values = unsafe message.values(field.layout, as: Int32.self)
        guard field.layout.isRepeated else {
            switch plan.substitution(of: unsafe values[0], field) {
            case .value(let number): unsafe message.setScalar(field.layout, number)
            case .none: unsafe message.unset(field.layout)
            }
            return
        }
        let list = unsafe arena.allocate(values.count * field.layout.storage.size)
        var count = 0
        for position in values.indices {
            guard case .value(let number) = plan.substitution(of: unsafe values[position], field) else { continue }
            unsafe list.storeBytes(of: number, toByteOffset: count * field.layout.storage.size, as: Int32.self)
            count += 1
        }
        unsafe message.setList(field.layout, count > 0 ? list : nil, count: count)
    }

    /// The same for the values of a map.
    private func replaceEntries(
        of message: RawMessage, _ field: LoweringPlan.RestrictedField, _ value: FieldLayout, _ plan: LoweringPlan
    ) {
        guard let entrySchema = plan.schema.nested(field.index) else { return }
        let entries = unsafe message.messages(field.layout)
        let size = field.layout.storage.size
        let list = unsafe arena.allocate(entries.count * size)
        var count = 0
        for position in entries.indices {
            var entry = unsafe RawMessage(entries[position])
            let number = unsafe entry.scalar(value, as: Int32.self)
            guard case .value(let known) = plan.substitution(of: number, field) else { continue }
            if known != number {
                unsafe entry = unsafe entry.shallowCopy(entrySchema, in: arena)
                unsafe entry.setScalar(value, known)
            }
            unsafe list.storeBytes(of: entry.base, toByteOffset: count * size, as: UnsafeMutableRawPointer.self)
            count += 1
        }
        unsafe message.setList(field.layout, count > 0 ? list : nil, count: count)
    }
}

extension RawMessage {
    /// Runs the body with the message as the receiver understands it, made in memory that is gone afterwards.
    func withReduction<Result>(
        by plan: LoweringPlan, _ body: (RawMessage) -> Result
    ) -> Result {
        // Room for a few structs; what is more comes from the heap, as all would if this were more than a kibibyte.
        unsafe withUnsafeTemporaryAllocation(byteCount: 1_024, alignment: arenaAlignment) { chunk in
            var state = unsafe ArenaState(
                chunk, end: chunk.baseAddress.unsafelyUnwrapped + chunk.count, limit: .max)
            defer { unsafe state.deallocate() }
            return unsafe withUnsafeMutablePointer(to: &state) { state in
                unsafe body(Reduction(in: Arena(state)).reduced(self, plan))
            }
        }
    }
}
