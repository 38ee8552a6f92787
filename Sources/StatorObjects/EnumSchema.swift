/// A value of an enumeration as declared.
public struct EnumValueSchema: Hashable, Sendable {
    public let number: Int32
    /// The name in lower case without the enumeration's prefix.
    public let text: String
    /// The first version, of the object that carries the enumeration, that knows the value.
    public let since: ObjectVersion?

    public init(_ number: Int32, _ text: String, since: ObjectVersion? = nil) {
        self.number = number
        self.text = text
        self.since = since
    }
}

/// An enumeration as declared.
public struct EnumSchema: Sendable {
    /// The full name, for example `stator.v1.VMState`.
    public let name: String
    /// In ascending order of their numbers.
    public let values: [EnumValueSchema]
    /// Some value is not as old as the objects that carry it.
    let hasNewerValues: Bool

    public init(name: String, values: [EnumValueSchema]) {
        self.name = name
        self.values = values.sorted { $0.number < $1.number }
        hasNewerValues = values.contains { $0.since != nil }
    }

    /// The value of that number.
    func value(_ number: Int32) -> EnumValueSchema? {
        var lower = 0
        var upper = values.count
        while lower < upper {
            let middle = (lower + upper) / 2
            if values[middle].number < number {
                lower = middle + 1
            } else {
                upper = middle
            }
        }
        return lower < values.count && values[lower].number == number ? values[lower] : nil
    }

    /// Whether an object of that version knows the value.
    func knows(_ number: Int32, at version: ObjectVersion) -> Bool {
        value(number)?.since.map { $0 <= version } ?? true
    }

    func text(of number: Int32) -> String? {
        value(number)?.text
    }
}
