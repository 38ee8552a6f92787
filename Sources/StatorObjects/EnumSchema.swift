/// A value of an enumeration as declared.
public struct EnumValueSchema: Hashable, Sendable {
    public let number: Int32
    /// The name in lower case without the enumeration's prefix.
    public let text: String
    /// The first version, of the object that carries the enumeration, that knows the value.
    public let since: ObjectVersion?
    /// The value that stands for it in versions that lack it; nil: the field's rule counts.
    public let loweredAs: Int32?

    public init(_ number: Int32, _ text: String, since: ObjectVersion? = nil, loweredAs: Int32? = nil) {
        self.number = number
        self.text = text
        self.since = since
        self.loweredAs = loweredAs
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

    /// What an object of that version says instead of the value: itself when the version knows it, else the first
    /// known one of those that are declared to stand for it; nil when there is none.
    ///
    /// A number that this build does not know stays as it is.
    package func lowered(_ number: Int32, to version: ObjectVersion) -> Int32? {
        var candidate = number
        // A chain without end would be one that comes back to a value.
        for _ in 0...values.count {
            guard let value = value(candidate) else { return candidate == number ? number : nil }
            guard let since = value.since, since > version else { return candidate }
            guard let next = value.loweredAs else { return nil }
            candidate = next
        }
        return nil
    }

    func text(of number: Int32) -> String? {
        value(number)?.text
    }
}
