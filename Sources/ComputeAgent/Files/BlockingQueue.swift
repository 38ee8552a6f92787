internal import Dispatch

/// One thread at a time for work that blocks: files, tools, sockets of guests. Keeps it off the loop.
///
/// What is queued from one thread runs in that order.
package final class BlockingQueue: Sendable {
    private let queue: DispatchQueue

    package init(label: String) {
        queue = DispatchQueue(label: label)
    }

    package func run<Value: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Result(catching: body)) }
        }
        return try result.get()
    }
}

/// A few blocking queues; work with the same key runs in order, work with different keys mostly side by side.
package final class BlockingQueues: Sendable {
    private let queues: [BlockingQueue]

    package init(label: String, count: Int) {
        queues = (0..<max(1, count)).map { BlockingQueue(label: "\(label)-\($0)") }
    }

    package func queue(for key: some Hashable) -> BlockingQueue {
        queues[Int(UInt(bitPattern: key.hashValue) % UInt(queues.count))]
    }
}
