/// How a call ended; gRPC's codes, with gRPC's numbers.
public enum StatusCode: UInt8, Sendable, CaseIterable, CustomStringConvertible {
    case ok = 0
    /// The caller gave up, or the connection of the caller did.
    case cancelled = 1
    case unknown = 2
    /// The request is wrong whatever the state of the system is.
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case alreadyExists = 6
    /// The caller is known and may not do this.
    case permissionDenied = 7
    case resourceExhausted = 8
    /// The system is not in the state that the request needs; repeating it alone does not help.
    case failedPrecondition = 9
    /// A race was lost; the caller may read again and repeat.
    case aborted = 10
    case outOfRange = 11
    case unimplemented = 12
    case `internal` = 13
    /// Nobody answers just now; repeating it later may help.
    case unavailable = 14
    case dataLoss = 15
    /// Who the caller is could not be established.
    case unauthenticated = 16

    /// gRPC's name of the code: `DEADLINE_EXCEEDED`.
    public var description: String {
        switch self {
        case .ok: "OK"
        case .cancelled: "CANCELLED"
        case .unknown: "UNKNOWN"
        case .invalidArgument: "INVALID_ARGUMENT"
        case .deadlineExceeded: "DEADLINE_EXCEEDED"
        case .notFound: "NOT_FOUND"
        case .alreadyExists: "ALREADY_EXISTS"
        case .permissionDenied: "PERMISSION_DENIED"
        case .resourceExhausted: "RESOURCE_EXHAUSTED"
        case .failedPrecondition: "FAILED_PRECONDITION"
        case .aborted: "ABORTED"
        case .outOfRange: "OUT_OF_RANGE"
        case .unimplemented: "UNIMPLEMENTED"
        case .internal: "INTERNAL"
        case .unavailable: "UNAVAILABLE"
        case .dataLoss: "DATA_LOSS"
        case .unauthenticated: "UNAUTHENTICATED"
        }
    }
}
