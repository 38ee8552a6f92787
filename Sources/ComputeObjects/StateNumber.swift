package import StatorObjects

/// A state as it was stored: by its number, which this release may not know.
package struct StateNumber<State: MessageEnum>: Hashable, Sendable, CustomStringConvertible {
    package var rawValue: Int32

    package init(_ rawValue: Int32) {
        self.rawValue = rawValue
    }

    package init(_ state: State) {
        rawValue = state.rawValue
    }

    /// Nil: of a newer release.
    package var state: State? { State(rawValue: rawValue) }

    /// What a message of this release can say: a newer release's state is unspecified, or nil where there is no such
    /// value.
    package var sayable: State? { state ?? State(text: "unspecified") }

    /// The state's name, or "unknown (6)".
    package var description: String { state?.description ?? "unknown (\(rawValue))" }
}
