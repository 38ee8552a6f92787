package import StatorRPC

/// Methods that show what calls go through; those of the product are all idempotent.
package enum TestMethods {
    /// Unary; may be repeated.
    package static let repeatable = method("Repeatable", 101, isIdempotent: true, .unary)
    /// Unary; must not be repeated.
    package static let once = method("Once", 102, isIdempotent: false, .unary)
    /// Three responses.
    package static let watch = method("Watch", 103, isIdempotent: true, .serverStreaming)
    /// Any number of requests.
    package static let upload = method("Upload", 104, isIdempotent: false, .clientStreaming)
    /// Answers each request.
    package static let chat = method("Chat", 105, isIdempotent: false, .bidirectional)
    /// Chunks of 256 KiB without end.
    package static let bulk = method("Bulk", 106, isIdempotent: true, .serverStreaming)
    /// Answered at once, in the room that is kept for such calls.
    package static let lease = method("Lease", 107, isIdempotent: true, isPriority: true, .unary)
    /// Answered at once.
    package static let echo = method("Echo", 108, isIdempotent: true, .unary)
    /// Not answered until it is given up.
    package static let wait = method("Wait", 109, isIdempotent: true, .unary)
    /// Takes requests and reads none.
    package static let ignore = method("Ignore", 110, isIdempotent: false, .clientStreaming)
    /// Nobody may call it.
    package static let nobody = method("Nobody", 111, callers: [], isIdempotent: true, .unary)

    private static func method(
        _ name: String, _ id: UInt64, callers: [CallerClass] = [.api, .compute], isIdempotent: Bool,
        isPriority: Bool = false, _ shape: CallShape
    ) -> MethodDescriptor {
        MethodDescriptor(
            service: "test.System", name: name, id: id, callers: callers, isIdempotent: isIdempotent,
            isPriority: isPriority, since: 1, shape: shape)
    }
}
