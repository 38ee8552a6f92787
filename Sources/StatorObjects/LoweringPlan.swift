/// What it takes to send messages of one declaration to the owner of one manifest.
///
/// Made once for each pair, so that sending looks up no names. A copy is a pointer: the plan belongs to the manifest's
/// `LoweringPlans`, and lasts as long as those.
@safe struct LoweringPlan: @unchecked Sendable {
    // Sendable: the record is written before it is shared.

    /// A field of which the owner's version of the object does not understand everything.
    struct RestrictedField: BitwiseCopyable, Sendable {
        let index: Int
        let layout: FieldLayout
        /// The version has no such field; else it lacks some of the enumeration's values.
        let isMissing: Bool
        let lowering: FieldLowering
        /// Of a map, where the value lies in an entry.
        let mapValue: FieldLayout?
        /// Where the values that are lacking are found in the plan's table.
        fileprivate let substitutionStart: Int
        fileprivate let substitutionCount: Int
    }

    /// A field that holds messages with plans that are not empty.
    struct NestedField: BitwiseCopyable, Sendable {
        let index: Int
        let layout: FieldLayout
    }

    /// What is said instead of a value of an enumeration.
    enum Substitution: BitwiseCopyable, Sendable {
        case value(Int32)
        case none
    }

    fileprivate struct LackingValue: BitwiseCopyable {
        let number: Int32
        let substitution: Substitution
    }

    private let record: UnsafePointer<LoweringPlanRecord>

    var schema: MessageSchema { unsafe record.pointee.schema }
    /// The owner understands all that can be in such a message.
    var isEmpty: Bool { unsafe record.pointee.isEmpty }
    /// The version of the object that the owner understands; nil when it does not know the object.
    var version: ObjectVersion? { unsafe record.pointee.version }
    var restrictedFields: UnsafeBufferPointer<RestrictedField> { unsafe record.pointee.restrictedFields }
    var nestedFields: UnsafeBufferPointer<NestedField> { unsafe record.pointee.nestedFields }

    /// To be given back by `deallocate`.
    init(_ schema: MessageSchema, in plans: LoweringPlans) {
        let record = UnsafeMutablePointer<LoweringPlanRecord>.allocate(capacity: 1)
        unsafe record.initialize(to: LoweringPlanRecord(schema, in: plans))
        unsafe self.record = unsafe UnsafePointer(record)
    }

    func deallocate() {
        let record = unsafe UnsafeMutablePointer(mutating: record)
        unsafe record.deinitialize(count: 1)
        unsafe record.deallocate()
    }

    /// The plan of that address.
    init?(bitPattern: UInt) {
        guard let record = unsafe UnsafePointer<LoweringPlanRecord>(bitPattern: bitPattern) else { return nil }
        unsafe self.record = unsafe record
    }

    /// Its address.
    var bitPattern: UInt { UInt(bitPattern: unsafe record) }

    /// The owner's version of the object, if the two builds understand each other at all.
    @inline(__always)
    func target(_ own: ObjectVersion) throws(ObjectError) -> ObjectVersion {
        guard let version, version.major == own.major else { throw stranger(own) }
        return version
    }

    /// The plan for messages of another declaration and the same owner.
    @inline(__always)
    func plan(for schema: MessageSchema) -> LoweringPlan {
        unsafe record.pointee.plans._withUnsafeGuaranteedRef { $0.plan(for: schema) }
    }

    /// What the owner is told instead of an enumeration's value: itself when it knows the value.
    func substitution(of number: Int32, _ field: RestrictedField) -> Substitution {
        for position in field.substitutionStart..<field.substitutionStart + field.substitutionCount {
            let value = unsafe record.pointee.lackingValues[position]
            if value.number == number { return value.substitution }
        }
        return .value(number)
    }

    private func isLacking(_ number: Int32, _ field: RestrictedField) -> Bool {
        for position in field.substitutionStart..<field.substitutionStart + field.substitutionCount
        where unsafe record.pointee.lackingValues[position].number == number {
            return true
        }
        return false
    }

    /// Whether the field is set, and the owner lacks it or a value that it has.
    @inline(__always)
    func restricts(_ message: RawMessage, _ field: RestrictedField) -> Bool {
        guard unsafe message.isSet(field.layout) else { return false }
        return unsafe field.isMissing || hasLackingValue(message, field)
    }

    private func hasLackingValue(_ message: RawMessage, _ field: RestrictedField) -> Bool {
        if let value = field.mapValue {
            return unsafe message.messages(field.layout).contains { entry in
                isLacking(unsafe RawMessage(entry).scalar(value, as: Int32.self), field)
            }
        }
        return unsafe message.values(field.layout, as: Int32.self).contains { isLacking($0, field) }
    }

    /// Whether something is set that the object's hook is there for.
    @inline(__always)
    func needsConversion(_ message: RawMessage) -> Bool {
        guard unsafe record.pointee.hasConvertedFields else { return false }
        return unsafe restrictedFields.contains { field in
            unsafe field.lowering == .convert && restricts(message, field)
        }
    }

    /// Throws when something of a field that must not be lost has no stand-in.
    func checkLoss(
        _ message: RawMessage, _ field: RestrictedField, own: ObjectVersion, target: ObjectVersion
    ) throws(ObjectError) {
        if field.isMissing { throw .lost(schema, schema.fields[field.index], own: own, target: target) }
        var numbers: [Int32] = []
        if let value = field.mapValue {
            numbers = unsafe message.messages(field.layout).map { entry in
                unsafe RawMessage(entry).scalar(value, as: Int32.self)
            }
        } else {
            numbers = unsafe [Int32](message.values(field.layout, as: Int32.self))
        }
        for number in numbers {
            guard case .none = substitution(of: number, field) else { continue }
            throw .lost(schema, field.index, value: number, own: own, target: target)
        }
    }

    @inline(never)
    private func stranger(_ own: ObjectVersion) -> ObjectError {
        let reason = version.map { "of version \($0): the major versions differ" } ?? "that does not know the object"
        return ObjectError(
            .lostInLowering, object: schema.name,
            message: "\(schema.name) \(own) cannot be sent to a receiver \(reason).",
            ownVersion: own, targetVersion: version)
    }
}

/// What a plan refers to.
@safe private struct LoweringPlanRecord: ~Copyable {
    let schema: MessageSchema
    /// What this record is a part of; not counted, since it goes with them.
    let plans: Unmanaged<LoweringPlans>
    let isEmpty: Bool
    let version: ObjectVersion?
    // No arrays, since asking for one costs references counted.
    let restrictedFields: UnsafeBufferPointer<LoweringPlan.RestrictedField>
    let nestedFields: UnsafeBufferPointer<LoweringPlan.NestedField>
    let lackingValues: UnsafeBufferPointer<LoweringPlan.LackingValue>
    /// Some restricted field is one that the object's hook translates.
    let hasConvertedFields: Bool

    init(_ schema: MessageSchema, in plans: LoweringPlans) {
        let versions = plans.versions
        unsafe self.plans = unsafe Unmanaged.passUnretained(plans)
        self.schema = schema
        let version = schema.version == nil ? nil : versions[schema.name]
        self.version = version
        isEmpty = schema.tree.isUnderstood(with: versions)
        var restricted: [LoweringPlan.RestrictedField] = []
        var lacking: [LoweringPlan.LackingValue] = []
        for (index, field) in schema.fields.enumerated() {
            guard let version else { break }
            let isMissing = !field.exists(at: version)
            let start = lacking.count
            if !isMissing, let enumeration = schema.enumeration(index) {
                lacking += enumeration.values.filter { !enumeration.knows($0.number, at: version) }.map { value in
                    let known = enumeration.lowered(value.number, to: version)
                    return LoweringPlan.LackingValue(
                        number: value.number, substitution: known.map(LoweringPlan.Substitution.value) ?? .none)
                }
            }
            guard isMissing || lacking.count > start else { continue }
            restricted.append(
                LoweringPlan.RestrictedField(
                    index: index, layout: schema.layout(index), isMissing: isMissing, lowering: field.lowering,
                    mapValue: field.isMap ? schema.nested(index)?.layout(MapEntry.valueIndex) : nil,
                    substitutionStart: start, substitutionCount: lacking.count - start))
        }
        hasConvertedFields = schema.conversion != nil && restricted.contains { $0.lowering == .convert }
        let nested = schema.fields.indices.filter { index in
            schema.nested(index).map { !$0.tree.isUnderstood(with: versions) } ?? false
        }
        unsafe restrictedFields = unsafe Self.table(restricted)
        unsafe lackingValues = unsafe Self.table(lacking)
        unsafe nestedFields = unsafe Self.table(
            nested.map { LoweringPlan.NestedField(index: $0, layout: schema.layout($0)) })
    }

    deinit {
        unsafe restrictedFields.deallocate()
        unsafe lackingValues.deallocate()
        unsafe nestedFields.deallocate()
    }

    private static func table<Element>(_ elements: [Element]) -> UnsafeBufferPointer<Element> {
        // Room for one at least, so that there is always an address.
        let table = UnsafeMutableBufferPointer<Element>.allocate(capacity: max(elements.count, 1))
        _ = unsafe table.initialize(fromContentsOf: elements)
        return unsafe UnsafeBufferPointer(start: table.baseAddress, count: elements.count)
    }
}

extension ObjectError {
    @inline(never)
    fileprivate static func lost(
        _ schema: MessageSchema, _ field: FieldSchema, own: ObjectVersion, target: ObjectVersion
    ) -> ObjectError {
        ObjectError(
            .lostInLowering, object: schema.name, field: field.name,
            message: "\(schema.name) \(own) cannot be sent to a receiver of version \(target): "
                + "its field \(field.name) would be lost.",
            ownVersion: own, targetVersion: target)
    }

    @inline(never)
    fileprivate static func lost(
        _ schema: MessageSchema, _ index: Int, value number: Int32, own: ObjectVersion, target: ObjectVersion
    ) -> ObjectError {
        let field = schema.fields[index]
        let value = field.isSensitive ? maskedText : schema.enumeration(index)?.text(of: number) ?? String(number)
        return ObjectError(
            .lostInLowering, object: schema.name, field: field.name, value: value,
            message: "\(schema.name) \(own) cannot be sent to a receiver of version \(target): "
                + "its field \(field.name) is \(value), which that version lacks.",
            ownVersion: own, targetVersion: target)
    }
}

extension MessageSchema {
    /// The enumeration of a field's values, or of a map's.
    func enumeration(_ index: Int) -> EnumSchema? {
        let field = fields[index]
        if case .enumeration(let enumeration) = field.kind { return enumeration }
        guard field.isMap, let entry = nested(index),
            case .enumeration(let enumeration) = entry.fields[MapEntry.valueIndex].kind
        else { return nil }
        return enumeration
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
