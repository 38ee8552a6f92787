extension Evolution {
    mutating func compare(_ enumeration: EnumModel) {
        guard let (release, frozen) = newest(\.enums, enumeration.fullName) else { return }
        for value in frozen.values { compare(value, of: enumeration, release) }
        let known = Set(frozen.values.map(\.number))
        let names = Set(frozen.values.map(\.name))
        for value in enumeration.values where !known.contains(value.number) && !names.contains(value.name) {
            checkNew(value, of: enumeration, release)
        }
    }

    private mutating func compare(_ frozen: EnumModel.Value, of enumeration: EnumModel, _ release: Release) {
        let name = "\(enumeration.fullName).\(frozen.name)"
        guard let value = enumeration.values.first(where: { $0.name == frozen.name }) else {
            if let other = enumeration.values.first(where: { $0.number == frozen.number }) {
                report(
                    other.place,
                    "\(enumeration.fullName).\(other.name) has number \(other.number), which release \(release.name) "
                        + "gave to \(frozen.name).",
                    fix: "keep the name; a new value takes a number that no release has used.")
            } else {
                report(
                    enumeration.place, "\(name) is gone, but release \(release.name) has it and may send it.",
                    fix: "declare it again with number \(frozen.number); values are never removed.")
            }
            return
        }
        if value.number != frozen.number {
            report(
                value.place,
                "\(name) has number \(value.number), but release \(release.name) knows it as number \(frozen.number).",
                fix: "write number \(frozen.number).")
        }
        if value.since != frozen.since {
            let fix = frozen.since.map { "write `since: \"\($0)\"`." } ?? "remove `since`."
            report(
                value.place,
                "\(name) exists since \(value.since?.description ?? "the first version"), but in release "
                    + "\(release.name) since \(frozen.since?.description ?? "the first version").", fix: fix)
        }
        if value.loweredAs != frozen.loweredAs {
            let frozenName = release.index.enums[enumeration.fullName]?.values
                .first { $0.number == frozen.loweredAs }?.name
            report(
                value.place, "\(name) has another `lower_as` than in release \(release.name).",
                fix: frozenName.map { "write `lower_as: \"\($0)\"`." } ?? "remove `lower_as`.")
        }
    }

    /// A value that the release lacks must be newer than every object that carries the enumeration there.
    private mutating func checkNew(_ value: EnumModel.Value, of enumeration: EnumModel, _ release: Release) {
        let name = "\(enumeration.fullName).\(value.name)"
        let carriers = current.carriers(of: enumeration).compactMap { message in
            newest(\.messages, message.fullName).flatMap { $0.declaration.version }
                .map { (message: message, frozen: $0) }
        }
        guard let newest = carriers.max(by: { $0.frozen < $1.frozen }) else { return }
        let next = carriers.map { $0.message.nextVersion(after: $0.frozen) }.max() ?? newest.frozen
        let late = carriers.filter { ($0.message.version ?? next) < next }.map(\.message.fullName)
        let raise = late.isEmpty ? "" : " and raise the version of \(late.joined(separator: ", ")) to \(next)"
        let fix = "write `since: \"\(next)\"`\(raise)."
        guard let since = value.since else {
            report(
                value.place,
                "\(name) is new since release \(release.name), but does not say since which version of "
                    + "\(newest.message.fullName).", fix: fix)
            return
        }
        if since <= newest.frozen {
            report(
                value.place,
                "\(name) exists since \(since), but release \(release.name) froze version \(newest.frozen) of "
                    + "\(newest.message.fullName) without it.", fix: fix)
        }
    }
}

extension ContractIndex {
    /// The versioned messages whose fields have the enumeration, by name.
    func carriers(of enumeration: EnumModel) -> [MessageModel] {
        messages.values
            .filter { message in
                message.version != nil
                    && message.fields.contains {
                        $0.kind.isEnumeration && $0.referencedType == enumeration.fullName
                    }
            }
            .sorted { $0.fullName < $1.fullName }
    }
}
