extension Evolution {
    /// Compares a field with itself as frozen.
    mutating func compare(_ field: FieldModel, named name: String, with frozen: FieldModel, in newest: FrozenMessage) {
        let release = newest.release.name
        guard compareTypes(field, named: name, with: frozen, release) else { return }
        if field.since != frozen.since {
            let fix = frozen.since.map { "write `since: \"\($0)\"`." } ?? "remove `since`."
            report(
                field.place,
                "\(name) exists since \(Self.beginning(field.since)), but in release \(release) since "
                    + "\(Self.beginning(frozen.since)).", fix: fix)
        }
        compareEnds(field, named: name, with: frozen, in: newest)
        if field.lowering != frozen.lowering {
            report(
                field.place,
                "\(name) is lowered by \(field.lowering.declared), but by \(frozen.lowering.declared) in release "
                    + "\(release), and a receiver cannot tell which of them it got.",
                fix: "write `lowering: \(frozen.lowering.declared)`.")
        }
        if field.format != frozen.format, field.format != .plain {
            report(
                field.place,
                "\(name) has \(field.format.declared), but release \(release) sends values of "
                    + "\(frozen.format.declared), which may not be of that form.",
                fix: "write `format: \(frozen.format.declared)`.")
        }
        if field.lengthLimit < frozen.lengthLimit {
            report(
                field.place,
                "\(name) has at most \(field.lengthLimit) \(field.lengthUnit), but release \(release) sends up to "
                    + "\(frozen.lengthLimit).",
                fix: "write `length_max: \(frozen.lengthLimit)`, or more.")
        }
        if frozen.isSensitive, !field.isSensitive {
            report(
                field.place, "\(name) is no longer sensitive, but release \(release) promised to mask it.",
                fix: "write `sensitive: true`.")
        }
    }

    private mutating func compareTypes(
        _ field: FieldModel, named name: String, with frozen: FieldModel, _ release: String
    ) -> Bool {
        let sentence: String
        if field.declaredType != frozen.declaredType {
            let change = "\(field.declaredType), but \(frozen.declaredType) in release \(release)"
            switch (field.kind, frozen.kind) {
            case _ where field.isMap || frozen.isMap: sentence = "\(name) has the type \(change)."
            case (.enumeration, .enumeration): sentence = "\(name) has the enumeration \(change)."
            case (.message, .message): sentence = "\(name) has the message \(change)."
            default: sentence = "\(name) has the type \(change)."
            }
        } else if field.isRepeated != frozen.isRepeated {
            sentence =
                "\(name) is \(field.isRepeated ? "repeated" : "optional"), but "
                + "\(frozen.isRepeated ? "repeated" : "optional") in release \(release)."
        } else {
            return true
        }
        report(
            field.place, sentence,
            fix: "take that back, and declare another field with a `since` and `lowering: LOWERING_CONVERT`; "
                + "give this one an `until`.")
        return false
    }

    private mutating func compareEnds(
        _ field: FieldModel, named name: String, with frozen: FieldModel, in newest: FrozenMessage
    ) {
        guard field.until != frozen.until, let version = newest.message.version else { return }
        let release = newest.release.name
        if !frozen.exists(at: version) {
            let until = frozen.until.map(\.description) ?? ""
            report(
                field.place, "\(name) has another `until` than in release \(release), where it ended at \(until).",
                fix: "write `until: \"\(until)\"`; declare another field if it is needed again.")
        } else if let until = field.until, until <= version {
            report(
                field.place, "\(name) ends at \(until), but release \(release) froze version \(version) with it.",
                fix: "write `until: \"\(Version(version.major, version.minor &+ 1))\"`, or a newer version.")
        }
    }

    private static func beginning(_ since: Version?) -> String { since?.description ?? "the first version" }
}

extension FieldModel {
    /// The greatest length that holds, declared or not; the same for fields that have none.
    fileprivate var lengthLimit: UInt32 { lengthMax ?? (isRepeated ? 1_024 : 65_536) }
    fileprivate var lengthUnit: String { isRepeated ? "elements" : "bytes" }
}

extension LoweringOption {
    var declared: String { "LOWERING_\(self)".uppercased() }
}

extension FormatOption {
    var declared: String {
        switch self {
        case .plain, .uuid, .timestamp, .name: "FORMAT_\(self)".uppercased()
        case .macAddress: "FORMAT_MAC_ADDRESS"
        case .ipAddress: "FORMAT_IP_ADDRESS"
        }
    }
}
