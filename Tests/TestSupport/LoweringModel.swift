package import StatorObjects

/// What the declarations say about sending an object to a receiver of older versions, computed without the runtime.
package struct LoweringModel {
    /// A field, or with nil a whole object, that cannot be said to the receiver.
    package struct Loss: Hashable {
        package let object: String
        package let field: String?
    }

    private let versions: [String: ObjectVersion]
    /// What has to be refused.
    package private(set) var losses: Set<Loss> = []
    /// Some field was set that a hand-written hook translates.
    package private(set) var isConverted = false
    /// Something is other than in the original.
    package private(set) var isChanged = false

    package init(receiver: Manifest) {
        versions = receiver.versions
    }

    /// What the receiver reads; in an object with a hook, what comes back from there when it is raised.
    package mutating func lowered(_ original: WireTree, _ schema: MessageSchema) -> WireTree {
        var tree = original
        // What a hook translates need not be known to the receiver.
        var translated: Set<UInt32> = []
        if let own = schema.version {
            guard let target = versions[schema.name], target.major == own.major else {
                losses.insert(Loss(object: schema.name, field: nil))
                return tree
            }
            for field in schema.fields where tree.fields[field.number] != nil {
                lower(field, of: &tree, schema, to: target)
                if field.lowering == .convert, !field.exists(in: target) { translated.insert(field.number) }
            }
        }
        for field in schema.fields {
            guard case .message(let nested) = field.kind, let values = tree.fields[field.number],
                !translated.contains(field.number)
            else { continue }
            tree.fields[field.number] = values.map { value in
                guard case .message(let child) = value else { return value }
                return .message(lowered(child, nested()))
            }
        }
        return tree
    }

    private mutating func lower(
        _ field: FieldSchema, of tree: inout WireTree, _ schema: MessageSchema, to target: ObjectVersion
    ) {
        guard field.exists(in: target) else {
            switch field.lowering {
            case .refuse:
                losses.insert(Loss(object: schema.name, field: field.name))
            case .convert:
                isConverted = true
            case .drop:
                isChanged = true
                tree.fields[field.number] = nil
            }
            return
        }
        guard let enumeration = field.enumeration, let values = tree.fields[field.number] else { return }
        var kept: [WireTree.Value] = []
        for value in values {
            guard let number = value.enumNumber(isMap: field.isMap) else {
                kept.append(value)
                continue
            }
            switch Self.replacement(number, enumeration, at: target) {
            case .some(let known):
                kept.append(known == number ? value : value.replacing(with: known, isMap: field.isMap))
            case nil where field.lowering == .refuse:
                losses.insert(Loss(object: schema.name, field: field.name))
            case nil:
                isConverted = isConverted || field.lowering == .convert
            }
        }
        if kept != values { isChanged = true }
        tree.fields[field.number] = kept.isEmpty ? nil : kept
    }

    /// The value itself, or the first of those declared to stand for it, that the version has.
    private static func replacement(_ number: Int32, _ enumeration: EnumSchema, at target: ObjectVersion) -> Int32? {
        var seen: Set<Int32> = []
        var candidate = number
        while seen.insert(candidate).inserted {
            guard let value = enumeration.values.first(where: { $0.number == candidate }) else { return nil }
            guard let since = value.since, target < since else { return candidate }
            guard let next = value.loweredAs else { return nil }
            candidate = next
        }
        return nil
    }
}

extension FieldSchema {
    fileprivate func exists(in version: ObjectVersion) -> Bool {
        let isYounger = since.map { version < $0 } ?? false
        let isOver = until.map { version >= $0 } ?? false
        return !isYounger && !isOver
    }

    /// Of the values, or of a map's values.
    fileprivate var enumeration: EnumSchema? {
        switch kind {
        case .enumeration(let enumeration): return enumeration
        case .message(let nested) where isMap:
            guard let value = nested().fields.first(where: { $0.number == 2 }) else { return nil }
            return value.enumeration
        default: return nil
        }
    }
}

extension WireTree.Value {
    fileprivate func enumNumber(isMap: Bool) -> Int32? {
        switch self {
        case .varint(let number): Int32(truncatingIfNeeded: number)
        case .message(let entry) where isMap: entry.fields[2]?.first?.enumNumber(isMap: false)
        default: nil
        }
    }

    fileprivate func replacing(with number: Int32, isMap: Bool) -> WireTree.Value {
        let value = WireTree.Value.varint(UInt64(bitPattern: Int64(number)))
        guard isMap, case .message(var entry) = self else { return value }
        entry.fields[2] = [value]
        return .message(entry)
    }
}
