public import StatorObjects
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

    private struct Content: Sendable {
        var code: StatusCode
        var message: String
        var detail: RPCErrorDetail?
        var cause: (any Error)?
        var origin = Origin.decided
    }

    private final class Box: Sendable {
        let content: Content

        init(_ content: Content) {
            self.content = content
        }
    }

    // A reference, so that results and answers which could be errors are as cheap to hand on as if they could not.
    private var box: Box

    private var content: Content {
        get { box.content }
        set { box = Box(newValue) }
    }

    public var code: StatusCode {
        get { content.code }
        set { content.code = newValue }
    }

    /// One sentence. What a peer supplied is bounded and free of control characters.
    public var message: String {
        get { content.message }
        set { content.message = newValue }
    }

    /// What led to it, on this side only; it is not sent.
    public var cause: (any Error)? {
        get { content.cause }
        set { content.cause = newValue }
    }

    /// An object of the service's own that says more, for programs; at most 8 KiB of it are sent.
    var detail: RPCErrorDetail? {
        get { content.detail }
        set { content.detail = newValue }
    }

    var origin: Origin {
        get { content.origin }
        set { content.origin = newValue }
    }

    /// - Parameter detail: An object that says more, for programs; left out when it has more than 8 KiB encoded or
    ///   cannot be said at the caller's version.
    public init(
        _ code: StatusCode, _ message: String, detail: (any VersionedMessage)? = nil, cause: (any Error)? = nil
    ) {
        box = Box(
            Content(code: code, message: message, detail: detail.map(RPCErrorDetail.own), cause: cause))
    }

    init(_ code: StatusCode, _ message: String, cause: (any Error)? = nil, origin: Origin) {
        box = Box(Content(code: code, message: message, cause: cause, origin: origin))
    }

    /// An error that a peer sent.
    init(_ status: CallStatus, from sender: Manifest?) {
        self.init(status.code, printable(status.text))
        detail = RPCErrorDetail(status.details, from: sender)
    }

    /// `NOT_FOUND: there is no server named web`.
    public var description: String { message.isEmpty ? code.description : "\(code): \(message)" }
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
