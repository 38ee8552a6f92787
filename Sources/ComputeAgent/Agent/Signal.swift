/// Wakes one waiting loop; signals that come while it works are one.
struct Signal: Sendable {
    let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func callAsFunction() {
        continuation.yield()
    }

    func finish() {
        continuation.finish()
    }
}
