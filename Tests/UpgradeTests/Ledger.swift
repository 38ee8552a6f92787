/// What users were told had been done: it has to be found, all of it, whenever somebody looks.
///
/// Fields are named by their paths in the command line's JSON. Those that only the newer release knows are looked for
/// only by an observer who can see them: a whole chain of newer programs.
struct Ledger: Sendable {
    struct Entry: Sendable, Hashable {
        /// Field and value as they were acknowledged.
        var fields: [String: JSONValue]
        /// The same for fields that the older release has never heard of.
        var newFields: [String: JSONValue] = [:]
    }

    /// What kind of thing, with the name of its list and of the field that identifies it.
    enum Kind: String, Sendable, CaseIterable {
        case server, flavor, host

        var list: String {
            switch self {
            case .server: "instances"
            case .flavor: "flavors"
            case .host: "hosts"
            }
        }

        var key: String { self == .server ? "uuid" : "name" }
        /// Whether what is not in the ledger must not be there either.
        var isComplete: Bool { self == .server }
    }

    private(set) var entries: [Kind: [String: Entry]] = [:]
    /// Servers whose delete was acknowledged: gone for good.
    private(set) var deleted: Set<String> = []
    /// Begun, and not yet acknowledged: may be there or not.
    private(set) var doubtful: Set<String> = []

    mutating func record(_ kind: Kind, _ key: String, _ entry: Entry) {
        entries[kind, default: [:]][key] = entry
    }

    mutating func update(_ kind: Kind, _ key: String, _ change: (inout Entry) -> Void) {
        guard var entry = entries[kind]?[key] else { return }
        change(&entry)
        entries[kind]?[key] = entry
    }

    mutating func recordDelete(_ server: String) {
        entries[.server]?[server] = nil
        doubtful.remove(server)
        deleted.insert(server)
    }

    /// A request about this server got no clear answer.
    mutating func doubt(_ server: String) {
        entries[.server]?[server] = nil
        doubtful.insert(server)
    }

    func keys(of kind: Kind) -> [String] {
        (entries[kind] ?? [:]).keys.sorted()
    }

    /// How many values of that kind are looked for.
    func valueCount(of kind: Kind, seesNewFields: Bool) -> Int {
        (entries[kind] ?? [:]).values.reduce(0) {
            $0 + $1.fields.count + (seesNewFields ? $1.newFields.count : 0)
        }
    }

    /// What a list lacks of that kind, or has too much: a sentence for each.
    func contradictions(_ kind: Kind, in answer: JSONValue, seesNewFields: Bool) -> [String] {
        var listed: [String: JSONValue] = [:]
        for element in answer[kind.list]?.elements ?? [] {
            guard let key = element[kind.key]?.text else { continue }
            listed[key] = element
        }
        let expected = entries[kind] ?? [:]
        var found: [String] = []
        for (key, entry) in expected.sorted(by: { $0.key < $1.key }) {
            guard let element = listed[key] else {
                found.append("\(kind) \(key) was acknowledged and is gone")
                continue
            }
            found += Self.differences(of: element, from: entry, seesNewFields: seesNewFields)
                .map { "\(kind) \(key): \($0)" }
        }
        guard kind.isComplete else { return found }
        for key in listed.keys.sorted() where expected[key] == nil && !doubtful.contains(key) {
            let name = listed[key]?["display_name"]?.text ?? ""
            found.append(
                deleted.contains(key)
                    ? "\(kind) \(key) ('\(name)') was deleted and is back"
                    : "\(kind) \(key) ('\(name)') was asked for by nobody")
        }
        return found
    }

    /// How one object differs from what was acknowledged.
    func contradictions(_ kind: Kind, _ key: String, in object: JSONValue, seesNewFields: Bool) -> [String] {
        guard let entry = entries[kind]?[key] else { return [] }
        return Self.differences(of: object, from: entry, seesNewFields: seesNewFields).map { "\(kind) \(key): \($0)" }
    }

    private static func differences(of object: JSONValue, from entry: Entry, seesNewFields: Bool) -> [String] {
        var expected = entry.fields
        if seesNewFields { expected.merge(entry.newFields) { $1 } }
        return expected.sorted { $0.key < $1.key }.compactMap { path, value in
            let actual = object[path] ?? .null
            // JSON leaves out what is unset.
            guard actual != value else { return nil }
            return "\(path) was acknowledged as \(value) and is \(actual)"
        }
    }
}
