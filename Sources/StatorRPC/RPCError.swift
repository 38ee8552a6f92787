internal import StatorObjects
public import StatorWire

/// Why a call failed: a code for programs, one sentence for people.
public struct RPCError: Error, Sendable, CustomStringConvertible {
    /// What a failure says about whether the call may be made again elsewhere.
    enum Origin: Sendable {
        /// Somebody decided so: the peer's handler, or this side.
        case decided
        /// The connection broke while the call ran: the peer may or may not have carried it out.
        case connectionLost
        /// The peer never began the call.
        case notBegun
    }

    public var code: StatusCode
    /// One sentence. What a peer supplied is bounded and free of control characters.
    public var message: String
    /// An encoded detail object of the service's own; at most 8 KiB.
    public var details: [UInt8]
    /// What led to it, on this side only; it is not sent.
    public var cause: (any Error)?
    var origin = Origin.decided

    public init(_ code: StatusCode, _ message: String, details: [UInt8] = [], cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.details = details
        self.cause = cause
    }

    init(_ code: StatusCode, _ message: String, cause: (any Error)? = nil, origin: Origin) {
        self.init(code, message, cause: cause)
        self.origin = origin
    }

    /// An error that a peer sent.
    init(_ status: CallStatus) {
        self.init(status.code, printable(status.text), details: status.details)
    }

    /// `NOT_FOUND: there is no server named web`.
    public var description: String { message.isEmpty ? code.description : "\(code): \(message)" }

    var status: CallStatus { CallStatus(code, message, details: details) }
}

/// An error that knows what a caller is to be told of it; others become INTERNAL and are logged.
public protocol RPCErrorConvertible: Error {
    var rpcError: RPCError { get }
}

extension RPCError {
    /// The error of a message that cannot be encoded for its receiver.
    ///
    /// - Parameter other: The code for what is not about versions.
    init(encoding error: ObjectError, otherwise other: StatusCode) {
        self.init(error.code == .lostInLowering ? .failedPrecondition : other, error.message, cause: error)
    }

    static func cancelled(_ cause: (any Error)? = nil) -> RPCError {
        RPCError(.cancelled, "the call was cancelled", cause: cause)
    }

    static func deadlineExceeded(waitingFor what: String) -> RPCError {
        RPCError(.deadlineExceeded, "the call's deadline passed while waiting for \(what)")
    }

    /// What the caller of a handler that threw is told; nil: it is the service's own failure and to be logged.
    init?(thrownByHandler error: any Error) {
        switch error {
        case let error as RPCError: self = error
        case let error as any RPCErrorConvertible: self = error.rpcError
        case let error as ObjectError where error.code == .lostInLowering:
            self.init(encoding: error, otherwise: .internal)
        case is CancellationError: self = .cancelled(error)
        default: return nil
        }
    }
}
