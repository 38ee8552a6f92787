package import StatorObjects

/// What a user writes to mean a server, flavor, image or host: its id or its name.
package enum ObjectReference: Hashable, Sendable, CustomStringConvertible {
    case id(ObjectID)
    case name(String)

    /// Text in the form of a uuid is an id, everything else a name; `field` is how the caller calls it.
    package init(_ text: String?, field: String) throws(InvalidName) {
        guard let text else {
            throw InvalidName(code: .missing, message: "\(field) is missing; give its name or its id")
        }
        if text.isUUIDText, let id = ObjectID(text) {
            self = .id(id)
            return
        }
        try checkNameCharacters(text, field: field)
        self = .name(text)
    }

    package var description: String {
        switch self {
        case .id(let id): return id.description
        case .name(let name): return "'\(name)'"
        }
    }
}
