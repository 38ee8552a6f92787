extension Evolution {
    mutating func compare(
        _ field: FieldModel, of message: MessageModel, with history: [FrozenMessage], frozenVersion: Version
    ) {
        guard let newest = history.first else { return }
        let name = "\(message.fullName).\(field.name)"
        if let frozen = newest.message.fields.first(where: { $0.name == field.name }) {
            guard frozen.number == field.number else {
                report(
                    field.place,
                    "\(name) has number \(field.number), but release \(newest.release.name) knows it as number "
                        + "\(frozen.number).", fix: "write number \(frozen.number).")
                return
            }
            compare(field, named: name, with: frozen, in: newest)
            return
        }
        for entry in history {
            guard let frozen = entry.message.fields.first(where: { $0.number == field.number }) else { continue }
            reportTaken(field, of: message, by: frozen, in: entry, history)
            return
        }
        checkNew(field, named: name, of: message, newest, frozenVersion: frozenVersion)
    }

    /// Another field has or had the number: with the same type, the field was renamed, it seems.
    private mutating func reportTaken(
        _ field: FieldModel, of message: MessageModel, by frozen: FieldModel, in entry: FrozenMessage,
        _ history: [FrozenMessage]
    ) {
        let name = "\(message.fullName).\(field.name)"
        let isGone = !message.fields.contains { $0.name == frozen.name }
        let free = freeNumber(of: message, history)
        if isGone, frozen.hasType(of: field), entry.release.name == history.first?.release.name {
            report(
                field.place, "\(name) is named \(frozen.name) in release \(entry.release.name).",
                fix: "keep the name; or declare \(field.name) with number \(free), a `since` and "
                    + "`lowering: LOWERING_CONVERT`, and give \(frozen.name) an `until`.")
        } else {
            report(
                field.place,
                "\(name) has number \(field.number), which release \(entry.release.name) gave to \(frozen.name).",
                fix: "take a number that no release has used: \(free).")
        }
    }

    private mutating func checkNew(
        _ field: FieldModel, named name: String, of message: MessageModel, _ newest: FrozenMessage,
        frozenVersion: Version
    ) {
        let next = message.nextVersion(after: frozenVersion)
        let raise = next == message.version ? "" : " and raise the version of \(message.fullName) to \(next)"
        let fix = "write `since: \"\(next)\"`\(raise)."
        guard let since = field.since else {
            report(
                field.place,
                "\(name) is new since release \(newest.release.name), but does not say since which version.", fix: fix)
            return
        }
        if since <= frozenVersion {
            report(
                field.place,
                "\(name) exists since \(since), but release \(newest.release.name) froze version \(frozenVersion) "
                    + "without it.", fix: fix)
        }
    }

    /// The least number above all that the message has or had.
    private func freeNumber(of message: MessageModel, _ history: [FrozenMessage]) -> Int32 {
        let messages = [message] + history.map(\.message)
        let used = messages.flatMap { $0.fields.map(\.number) + $0.reservedNumbers.map(\.upperBound) }
        // "reserved 100 to max" leaves no room above.
        let greatest = used.filter { $0 < 536_870_911 }.max() ?? 0
        return greatest + 1
    }

    // MARK: Removed fields

    mutating func findRemovedFields(of message: MessageModel, _ history: [FrozenMessage]) {
        let ownNumbers = Set(message.fields.map(\.number))
        let ownNames = Set(message.fields.map(\.name))
        var told: Set<Int32> = []
        for entry in history {
            for frozen in entry.message.fields
            where !ownNumbers.contains(frozen.number) && !ownNames.contains(frozen.name) {
                guard told.insert(frozen.number).inserted else { continue }
                if entry.release.isSupported, frozen.exists(at: entry.message.version) {
                    reportRemoved(frozen, of: message, entry)
                } else if !message.reservedNumbers.contains(where: { $0.contains(frozen.number) }) {
                    report(
                        message.place,
                        "\(message.fullName) does not reserve number \(frozen.number), which release "
                            + "\(entry.release.name) gave to \(frozen.name).",
                        fix: "write `reserved \(frozen.number);`.")
                }
            }
        }
    }

    private mutating func reportRemoved(_ frozen: FieldModel, of message: MessageModel, _ entry: FrozenMessage) {
        let until = entry.message.version.map { message.nextVersion(after: $0) }
        report(
            message.place,
            "\(message.fullName).\(frozen.name) is gone, but release \(entry.release.name), which is supported, has it.",
            fix: "declare it again with `until: \"\(until?.description ?? "1.1")\"`; "
                + "the release after the one that says so can remove it.")
    }
}

extension FieldModel {
    func hasType(of other: FieldModel) -> Bool {
        declaredType == other.declaredType && isRepeated == other.isRepeated
    }

    /// Whether the object has the field at that version.
    func exists(at version: Version?) -> Bool {
        guard let until, let version else { return true }
        return version < until
    }
}
