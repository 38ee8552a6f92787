internal import SwiftProtobuf
internal import SwiftProtobufPluginLibrary

extension ContractReader {
    mutating func readEnum(_ enumeration: EnumDescriptor, in file: FileDescriptor) -> EnumModel {
        let typeName = typeName(of: enumeration)
        take(typeName, for: enumeration.fullName, at: enumeration, in: file)
        var numbers: Set<Int32> = []
        var values: [EnumModel.Value] = []
        for value in enumeration.values {
            let text = SwiftNames.enumValue(value.name, of: enumeration.name)
            let caseName = SwiftNames.property(text)
            if !numbers.insert(value.number).inserted {
                report(
                    value, in: file, "\(enumeration.fullName).\(value.name) is an alias, which is not supported.",
                    fix: "keep one name per number.")
            }
            if SwiftNames.enumMembers.contains(caseName) {
                report(
                    value, in: file,
                    "\(enumeration.fullName).\(value.name) would be named \(caseName) in Swift, which "
                        + "every enumeration has already.", fix: "choose another name.")
            }
            takeMember(caseName, of: enumeration.fullName, for: value.name, at: value, in: file)
            values.append(
                EnumModel.Value(
                    name: value.name, caseName: caseName, number: value.number, text: text.lowercased(),
                    since: version(EnumValueOptions(value.options).since, of: value.fullName, at: value, in: file),
                    loweredAs: nil, documentation: documentation(value), place: place(value, in: file)))
        }
        // The value that is named may be declared after the one that names it.
        for (index, value) in enumeration.values.enumerated() {
            guard let name = EnumValueOptions(value.options).loweredAs else { continue }
            values[index].loweredAs = loweredAs(name, values[index], of: values, at: value, in: file)
        }
        return EnumModel(
            fullName: enumeration.fullName, typeName: typeName, documentation: documentation(enumeration),
            values: values, place: place(enumeration, in: file))
    }

    /// Reports values that an object carries at a version that lacks them; after all files are read.
    mutating func checkCarriers() {
        let index = ContractIndex(contract)
        for enumeration in index.enums.values.sorted(by: { $0.fullName < $1.fullName }) {
            for value in enumeration.values {
                guard let since = value.since else { continue }
                for carrier in index.carriers(of: enumeration) {
                    guard let version = carrier.version, version < since else { continue }
                    report(
                        value.place.file, line: value.place.line,
                        "\(enumeration.fullName).\(value.name) exists since \(since), but \(carrier.fullName), which "
                            + "carries the enumeration, is at version \(version) only.",
                        fix: "raise the version of \(carrier.fullName) to \(since).")
                }
            }
        }
    }

    private func hasLowering(_ name: String, in enumeration: EnumDescriptor) -> Bool {
        enumeration.values.contains { $0.name == name && EnumValueOptions($0.options).loweredAs != nil }
    }

    /// The number of the value that is named; reports when it could not stand for the newer one.
    private mutating func loweredAs(
        _ name: String, _ value: EnumModel.Value, of values: [EnumModel.Value], at place: EnumValueDescriptor,
        in file: FileDescriptor
    ) -> Int32? {
        let owner = "\(place.enumType.fullName).\(value.name)"
        guard let target = values.first(where: { $0.name == name }) else {
            report(
                place, in: file, "\(owner) is lowered as \(name), which is no value of \(place.enumType.fullName).",
                fix: "name a value of the same enumeration.")
            return nil
        }
        guard let since = value.since else {
            report(
                place, in: file, "\(owner) says what it is lowered as, but every version knows it.",
                fix: "say since which version it exists, or remove `lower_as`.")
            return nil
        }
        if let targetSince = target.since, targetSince >= since {
            report(
                place, in: file, "\(owner) is lowered as \(name), which is not older: it exists since \(targetSince).",
                fix: "name a value that is older than \(since).")
        } else if let targetSince = target.since, !hasLowering(name, in: place.enumType) {
            report(
                place, in: file,
                "\(owner) is lowered as \(name), which versions before \(targetSince) lack too.",
                fix: "name a value without `since`, or give \(name) a `lower_as` of its own.")
        }
        return target.number
    }
}
