/// How many messages go each way.
public enum CallShape: Hashable, Sendable {
    /// One request, one response.
    case unary
    /// One request, any number of responses.
    case serverStreaming
}

/// What a method's declaration says; generated.
public struct MethodDescriptor: Hashable, Sendable, CustomStringConvertible {
    /// With the package: `stator.v1.Compute`.
    public let service: String
    public let name: String
    /// The method's number on the wire: 64-bit FNV-1a over the UTF-8 of `path`.
    public let id: UInt64
    /// Who may call it; none: nobody.
    public let callers: [CallerClass]
    /// Whether carrying it out again does no harm: a repetition has no effect of its own, or is recognised by
    /// its idempotency key.
    public let isIdempotent: Bool
    /// The first service version that has it.
    public let since: UInt32
    public let shape: CallShape

    public init(
        service: String, name: String, id: UInt64, callers: [CallerClass], isIdempotent: Bool, since: UInt32,
        shape: CallShape
    ) {
        self.service = service
        self.name = name
        self.id = id
        self.callers = callers
        self.isIdempotent = isIdempotent
        self.since = since
        self.shape = shape
    }

    /// `stator.v1.Compute/CreateServer`.
    public var path: String { "\(service)/\(name)" }

    public var description: String { path }
}
