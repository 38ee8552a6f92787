/// How many messages go each way.
public enum CallShape: Hashable, Sendable {
    /// One request, one response.
    case unary
    /// Any number of requests, one response.
    case clientStreaming
    /// One request, any number of responses.
    case serverStreaming
    /// Any number of each, in any order.
    case bidirectional

    /// Whether the call begins without a request.
    var streamsRequests: Bool { self == .clientStreaming || self == .bidirectional }
}

/// What a method's declaration says; generated.
///
/// A copy costs one retain: descriptors travel with every call.
public struct MethodDescriptor: Hashable, Sendable, CustomStringConvertible {
    private final class Declaration: Sendable {
        let service: String
        let name: String
        let callers: [CallerClass]
        let callerSet: CallerSet
        let isIdempotent: Bool
        let isPriority: Bool
        let since: UInt32

        init(
            service: String, name: String, callers: [CallerClass], isIdempotent: Bool, isPriority: Bool, since: UInt32
        ) {
            self.service = service
            self.name = name
            self.callers = callers
            callerSet = CallerSet(callers)
            self.isIdempotent = isIdempotent
            self.isPriority = isPriority
            self.since = since
        }
    }

    private let declaration: Declaration
    /// The method's number on the wire: 64-bit FNV-1a over the UTF-8 of `path`.
    public let id: UInt64
    public let shape: CallShape

    public init(
        service: String, name: String, id: UInt64, callers: [CallerClass], isIdempotent: Bool,
        isPriority: Bool = false, since: UInt32, shape: CallShape
    ) {
        declaration = Declaration(
            service: service, name: name, callers: callers, isIdempotent: isIdempotent, isPriority: isPriority,
            since: since)
        self.id = id
        self.shape = shape
    }

    /// With the package: `stator.v1.Compute`.
    public var service: String { declaration.service }
    public var name: String { declaration.name }
    /// Who may call it; none: nobody.
    public var callers: [CallerClass] { declaration.callers }
    /// Whether carrying it out again does no harm: a repetition has no effect of its own, or is recognised by
    /// its idempotency key.
    public var isIdempotent: Bool { declaration.isIdempotent }
    /// Whether room is kept for it where ordinary calls are refused: leases and control traffic.
    public var isPriority: Bool { declaration.isPriority }
    /// The first service version that has it.
    public var since: UInt32 { declaration.since }

    /// `stator.v1.Compute/CreateServer`.
    public var path: String { "\(service)/\(name)" }

    public var description: String { path }

    func allows(_ caller: CallerClass) -> Bool { declaration.callerSet.contains(CallerSet(caller)) }

    /// The number is the path's own: two methods are the same when their numbers are.
    public static func == (left: MethodDescriptor, right: MethodDescriptor) -> Bool { left.id == right.id }

    public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

/// The classes of a method's callers, looked up for every call.
private struct CallerSet: OptionSet, Sendable {
    let rawValue: UInt8

    init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    init(_ classes: [CallerClass]) {
        rawValue = classes.reduce(0) { $0 | CallerSet($1).rawValue }
    }

    init(_ callerClass: CallerClass) {
        rawValue =
            switch callerClass {
            case .compute: 1
            case .conductor: 2
            case .api: 4
            case .operator: 8
            case .user: 16
            }
    }
}
