/// Why a connection is being ended, as GOAWAY says it.
package enum GoAwayCode: UInt8, Sendable, CaseIterable {
    /// Finish what runs, start nothing new.
    case drain = 0
    /// The peer sent what the protocol does not allow.
    case protocolViolation = 1
    /// The peer went over a limit of the protocol.
    case limitExceeded = 2
    /// The peer did not answer in time.
    case timeout = 3
    /// The peer's identity is not accepted here.
    case unauthenticated = 4
    /// Nothing is wrong with the peer, but it is not served here now.
    case unavailable = 5
    /// A mistake of the sender of GOAWAY itself.
    case internalError = 6
    /// The peer's service version is below what the sender works with.
    case outdated = 7
}

/// What the peer did wrong; the connection is closed for it.
package struct WireViolation: Error, Equatable, Sendable {
    package let code: GoAwayCode
    package let text: String

    package init(_ code: GoAwayCode, _ text: String) {
        self.code = code
        self.text = text
    }

    package init(_ text: String) {
        self.init(.protocolViolation, text)
    }
}

/// This side's own mistake: an event that its callers must not cause in the state it came in.
package struct ImpossibleTransition: Error, Equatable, Sendable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }
}
