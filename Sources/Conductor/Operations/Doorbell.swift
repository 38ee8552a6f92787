/// Wakes one waiting task; rings while it is awake are remembered as one.
///
/// Any thread may ring. It has rung once when it is made, so that the first wait looks around at once.
package struct Doorbell: Sendable {
    /// One element for each wake-up; ends when the bell is removed.
    package let rings: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    package init() {
        (rings, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        continuation.yield()
    }

    package func ring() {
        continuation.yield()
    }

    /// Nobody rings any more: the waiting task's loop ends.
    package func remove() {
        continuation.finish()
    }
}
