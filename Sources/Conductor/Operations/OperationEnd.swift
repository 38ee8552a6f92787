internal import StatorObjects
package import StatorWire

/// How an operation ends.
package enum OperationEnd: Equatable, Sendable {
    case succeeded
    case failed(OperationFailure)
}

/// Why an operation failed, and what is left behind.
package struct OperationFailure: Equatable, Sendable {
    package var code: StatusCode
    package var message: String
    package var details: String?
    /// A host may have taken the directive and may still act on it: what was claimed stays claimed.
    package var guestMayExist: Bool

    package init(_ code: StatusCode, _ message: String, details: String? = nil, guestMayExist: Bool = false) {
        self.code = code
        self.message = message
        self.details = details
        self.guestMayExist = guestMayExist
    }
}
