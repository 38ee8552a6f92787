internal import SwiftProtobuf
internal import SwiftProtobufPluginLibrary

extension ContractReader {
    /// The field as generated; nil when its type is not supported.
    mutating func readField(
        _ field: FieldDescriptor, index: Int, version: Version?, in file: FileDescriptor
    ) -> FieldModel? {
        let name = "\(field.containingType.fullName).\(field.name)"
        let entry = field.isMap ? field.messageType.mapKeyAndValue : nil
        guard let kind = kind(of: entry?.value ?? field) else {
            report(field, in: file, "\(name) is a group, which is not supported.", fix: "declare a message.")
            return nil
        }
        if field.isRequired {
            report(
                field, in: file, "\(name) is required, which can never be taken back and is not supported.",
                fix: "make it optional and check it where it is needed.")
        }
        if field.defaultValue != nil {
            report(
                field, in: file, "\(name) has a default value, which is not supported: an unset field is nil.",
                fix: "remove the default and say in a comment what absence means.")
        }
        let propertyName = SwiftNames.property(field.name)
        if SwiftNames.messageMembers.contains(propertyName) {
            report(
                field, in: file, "\(name) would be named \(propertyName) in Swift, which every message has already.",
                fix: "choose another name.")
        }
        takeMember(propertyName, of: field.containingType.fullName, for: name, at: field, in: file)
        let mapKey = entry.flatMap { self.kind(of: $0.key) }
        if mapKey != nil {
            takeMember(propertyName + "EntrySchema", of: field.containingType.fullName, for: name, at: field, in: file)
        }
        let options = FieldOptions(field.options)
        let model = FieldModel(
            number: field.number, name: field.name, propertyName: propertyName, index: index, kind: kind,
            mapKey: mapKey, declaredType: declaredType(of: field),
            referencedType: referencedType(of: entry?.value ?? field), isRepeated: field.isRepeated,
            since: self.version(options.since, of: name, at: field, in: file),
            until: self.version(options.until, of: name, at: field, in: file),
            lowering: options.lowering, format: options.format, lengthMax: options.lengthMax,
            isSensitive: options.isSensitive, isLazy: options.isLazy, documentation: documentation(field),
            place: place(field, in: file))
        checkVersions(model, named: name, object: version, at: field, in: file)
        checkOptions(model, named: name, at: field, in: file)
        return model
    }

    private func kind(of field: FieldDescriptor) -> FieldModel.Kind? {
        switch field.type {
        case .int32, .sint32, .sfixed32: .int32
        case .int64, .sint64, .sfixed64: .int64
        case .uint32, .fixed32: .uint32
        case .uint64, .fixed64: .uint64
        case .bool: .bool
        case .float: .float
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .enum: .enumeration(typeName(of: field.enumType))
        case .message: .message(typeName(of: field.messageType))
        case .group: nil
        }
    }

    private func declaredType(of field: FieldDescriptor) -> String {
        guard field.isMap, let entry = field.messageType.mapKeyAndValue else {
            return referencedType(of: field) ?? "\(field.type)"
        }
        return "map<\(declaredType(of: entry.key)), \(declaredType(of: entry.value))>"
    }

    private func referencedType(of field: FieldDescriptor) -> String? {
        switch field.type {
        case .enum: field.enumType.fullName
        case .message, .group: field.messageType.fullName
        default: nil
        }
    }

    private mutating func checkVersions(
        _ field: FieldModel, named name: String, object: Version?, at place: FieldDescriptor, in file: FileDescriptor
    ) {
        guard let object else {
            if field.since != nil || field.until != nil {
                report(
                    place, in: file, "\(name) has a `since` or `until`, but its message has no version.",
                    fix: "give the message `option (object) = { version: \"1.0\" };` or remove it from the field.")
            }
            return
        }
        if let since = field.since, since > object {
            report(
                place, in: file, "\(name) exists since \(since), but the object is at version \(object) only.",
                fix: "raise the object's version to \(since).")
        }
        if let until = field.until, until > object {
            report(
                place, in: file, "\(name) ends at \(until), but the object is at version \(object) only.",
                fix: "raise the object's version to \(until).")
        }
        if let since = field.since, let until = field.until, since >= until {
            report(
                place, in: file, "\(name) ends at \(until), not after its beginning at \(since).",
                fix: "name the first version that no longer has it.")
        }
        // A refusal by an enumeration's field is about values that are newer than the field.
        let isAboutValues = field.kind.isEnumeration && field.lowering == .refuse
        if field.lowering != .drop, field.since == nil, !isAboutValues {
            report(
                place, in: file, "\(name) says what lowering does, but every version of the object has it.",
                fix: "say since which version it exists, or remove `lowering`.")
        }
    }

    private mutating func checkOptions(
        _ field: FieldModel, named name: String, at place: FieldDescriptor, in file: FileDescriptor
    ) {
        let needed: FieldModel.Kind? =
            switch field.format {
            case .plain: nil
            case .uuid: .bytes
            case .timestamp: .int64
            case .name, .macAddress, .ipAddress: .string
            }
        if let needed, needed != field.kind {
            report(
                place, in: file, "The format of \(name) needs a field of type \(needed).",
                fix: "change the type or the format.")
        }
        if field.mapKey == .bool {
            report(
                place, in: file, "\(name) has keys of type bool, which is not supported.",
                fix: "use a string or an integer.")
        }
        if field.lengthMax != nil, !field.isRepeated, field.kind != .string, field.kind != .bytes {
            report(
                place, in: file, "\(name) has a greatest length, but its values have no length.",
                fix: "remove `length_max`.")
        }
    }
}
