extension Evolution {
    /// A frozen message and its release.
    struct FrozenMessage {
        let release: Release
        let message: MessageModel
    }

    mutating func compare(_ message: MessageModel) {
        let history = releases.compactMap { release in
            release.index.messages[message.fullName].map { FrozenMessage(release: release, message: $0) }
        }
        guard let newest = history.first,
            let version = comparedVersions(of: message, with: newest), version.own.major == version.frozen.major
        else { return }
        let countBefore = problems.count
        for field in message.fields { compare(field, of: message, with: history, frozenVersion: version.frozen) }
        findRemovedFields(of: message, history)
        let isTold = problems.count > countBefore || current.enums(of: message).contains(where: hasProblem)
        guard version.own == version.frozen, !isTold else { return }
        let names = differences(message, newest)
        guard !names.isEmpty else { return }
        report(
            message.place,
            "\(message.fullName) is at version \(version.own), which release \(newest.release.name) froze, but differs "
                + "from it: \(names.joined(separator: ", ")).",
            fix: "raise its version to \(message.nextVersion(after: version.frozen)).")
    }

    /// Both versions where fields can be compared; reports where one of them is wrong or missing.
    private mutating func comparedVersions(
        of message: MessageModel, with newest: FrozenMessage
    ) -> (own: Version, frozen: Version)? {
        let (name, release) = (message.fullName, newest.release.name)
        switch (message.version, newest.message.version) {
        case (nil, nil):
            let names = differences(message, newest)
            guard !names.isEmpty else { return nil }
            report(
                message.place,
                "\(name) has no version, so it cannot change, but differs from release \(release): "
                    + "\(names.joined(separator: ", ")).",
                fix: "take the change back, and declare a new message with a version.")
            return nil
        case (nil, let frozen?):
            report(
                message.place, "\(name) has no version, but release \(release) knows it at version \(frozen).",
                fix: "write `option (stator.v1.object) = { version: \"\(frozen)\" };` again.")
            return nil
        case (let own?, nil):
            report(
                message.place,
                "\(name) is at version \(own), but release \(release) knows it without one and could not be sent it.",
                fix: "remove the version, and declare a new message that has one.")
            return nil
        case (let own?, let frozen?):
            if own < frozen {
                report(
                    message.place, "\(name) is at version \(own), but release \(release) froze version \(frozen).",
                    fix: "write version \"\(frozen)\", or a newer one.")
                return nil
            }
            if own.major > frozen.major, newest.release.isSupported {
                report(
                    message.place,
                    "\(name) is at version \(own), but release \(release), which is supported, knows \(frozen) and "
                        + "understands no other major version.",
                    fix: "write version \"\(frozen.major).\(frozen.minor &+ 1)\", or declare a message of a new name.")
                return nil
            }
            return (own, frozen)
        }
    }

    /// Names of the fields and enumerations whose canonical form is not the frozen one's.
    private func differences(_ message: MessageModel, _ newest: FrozenMessage) -> [String] {
        let own = CanonicalForm(of: message, in: current).lines.dropFirst()
        let frozen = CanonicalForm(of: newest.message, in: newest.release.index).lines.dropFirst()
        var names: [String] = []
        for line in Set(own).symmetricDifference(frozen).sorted() {
            let words = line.split(separator: " ")
            let name = words[0] == "field" ? String(words[2]) : String(words[1])
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// Whether something was reported about the enumeration, which then need not be told of those that use it.
    private func hasProblem(_ enumeration: EnumModel) -> Bool {
        problems.contains { problem in
            ([enumeration.place] + enumeration.values.map(\.place))
                .contains { $0.file == problem.file && $0.line == problem.line }
        }
    }
}
