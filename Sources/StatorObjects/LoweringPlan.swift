internal import Synchronization

/// What it takes to send messages of one declaration to the owner of one manifest.
///
/// Made once for each pair, so that sending looks up no names.
final class LoweringPlan: Sendable {
    /// A field of which the owner's version of the object does not understand everything.
    struct RestrictedField: BitwiseCopyable, Sendable {
        let index: Int
        let layout: FieldLayout
        /// The version has no such field; else it lacks some of the enumeration's values.
        let isMissing: Bool
        let lowering: FieldLowering
    }

    let schema: MessageSchema
    /// The owner understands all that can be in such a message.
    let isEmpty: Bool
    /// The version of the object that the owner understands; nil when it does not know the object.
    let version: ObjectVersion?
    let restrictedFields: [RestrictedField]
    /// The indices of the fields that hold messages with plans that are not empty.
    let loweredMessages: [Int]

    init(_ schema: MessageSchema, for versions: [String: ObjectVersion]) {
        self.schema = schema
        let version = schema.version == nil ? nil : versions[schema.name]
        self.version = version
        isEmpty = schema.tree.isUnderstood(with: versions)
        restrictedFields = schema.fields.enumerated().compactMap { index, field in
            guard let version else { return nil }
            let isMissing = !field.exists(at: version)
            guard isMissing || field.hasValues(newerThan: version) else { return nil }
            return RestrictedField(
                index: index, layout: schema.layout(index), isMissing: isMissing, lowering: field.lowering)
        }
        loweredMessages = schema.fields.indices.filter { index in
            schema.nested(index).map { !$0.tree.isUnderstood(with: versions) } ?? false
        }
    }

    /// The owner's version of the object, if the two builds understand each other at all.
    func target(_ own: ObjectVersion) throws(ObjectError) -> ObjectVersion {
        guard let version else {
            throw ObjectError(
                .lostInLowering, object: schema.name,
                message: "\(schema.name) \(own) cannot be sent to a receiver that does not know the object.",
                ownVersion: own)
        }
        guard version.major == own.major else {
            throw ObjectError(
                .lostInLowering, object: schema.name,
                message: "\(schema.name) \(own) cannot be sent to a receiver of version \(version): "
                    + "the major versions differ.",
                ownVersion: own, targetVersion: version)
        }
        return version
    }
}

extension FieldSchema {
    fileprivate func hasValues(newerThan version: ObjectVersion) -> Bool {
        guard case .enumeration(let enumeration) = kind else { return false }
        return enumeration.values.contains { !enumeration.knows($0.number, at: version) }
    }
}

extension MessageTree {
    /// Whether all objects can go as they are to a receiver that understands these versions.
    fileprivate func isUnderstood(with versions: [String: ObjectVersion]) -> Bool {
        !hasRetiredFields
            && objects.allSatisfy { object in
                guard let version = versions[object.name] else { return false }
                return version.major == object.version.major && version >= object.version
            }
    }
}

/// A manifest's versions, and the plans made for it: a table of fixed size that is only added to, and read without a
/// lock.
@safe final class LoweringPlans: Sendable {
    private static let capacity = 256
    /// Where a plan's place and so many after it are taken, the plan is made anew each time.
    private static let probeCountMax = 32

    let versions: [String: ObjectVersion]
    /// Retained plans, or 0. Not AtomicLazyReference, whose functions are generic and not inlined.
    private let slots: InlineArray<256, Atomic<UInt>>

    init(for versions: [String: ObjectVersion]) {
        self.versions = versions
        slots = InlineArray { _ in Atomic(0) }
    }

    deinit {
        for position in 0..<Self.capacity {
            unsafe Self.reference(slots[position].load(ordering: .acquiring))?.release()
        }
    }

    func plan(for schema: MessageSchema) -> LoweringPlan {
        // The high bits of a product with an odd constant depend on all bits of the address.
        let hash = UInt64(schema.identity) &* 0x9E37_79B9_7F4A_7C15
        var made: LoweringPlan?
        for probe in 0..<Self.probeCountMax {
            let position = (Int(truncatingIfNeeded: hash >> 56) + probe) % Self.capacity
            if let plan = unsafe Self.reference(slots[position].load(ordering: .acquiring))?.takeUnretainedValue() {
                if plan.schema == schema { return plan }
                continue
            }
            let plan = made ?? LoweringPlan(schema, for: versions)
            made = plan
            if let stored = store(plan, at: position), stored.schema == schema { return stored }
        }
        return made ?? LoweringPlan(schema, for: versions)
    }

    /// Puts the plan into the slot; returns the one that is there, which another thread may have put in meanwhile.
    private func store(_ plan: LoweringPlan, at position: Int) -> LoweringPlan? {
        let reference = unsafe Unmanaged.passRetained(plan)
        let (isStored, found) = slots[position].compareExchange(
            expected: 0, desired: UInt(bitPattern: unsafe reference.toOpaque()), ordering: .acquiringAndReleasing)
        if isStored { return plan }
        unsafe reference.release()
        return unsafe Self.reference(found)?.takeUnretainedValue()
    }

    private static func reference(_ word: UInt) -> Unmanaged<LoweringPlan>? {
        guard let address = unsafe UnsafeRawPointer(bitPattern: word) else { return nil }
        return unsafe Unmanaged.fromOpaque(address)
    }
}
