internal import DequeModule
internal import StatorReactor

/// The sessions that are free, and who waits for one, in the order of their coming.
///
/// Unchecked: touched on the loop's thread only, which is asserted.
final class ConnectionPool: @unchecked Sendable {
    private struct Waiter {
        let number: UInt64
        let continuation: CheckedContinuation<Result<PostgresConnection, PostgresError>, Never>
        let timer: TimerID
    }

    private let loop: EventLoop
    private let waiterCountMax: Int
    private let acquireTimeout: Duration
    private var free: [PostgresConnection] = []
    private var waiters: Deque<Waiter> = []
    private var waiterCount: UInt64 = 0
    private var isShutDown = false
    /// Why the last attempt to connect failed; nil when it did not.
    var lastFailure: PostgresError?

    init(loop: EventLoop, waiterCountMax: Int, acquireTimeout: Duration) {
        self.loop = loop
        self.waiterCountMax = waiterCountMax
        self.acquireTimeout = acquireTimeout
    }

    /// Takes a free session, or waits in line for one.
    func acquire() async throws(PostgresError) -> PostgresConnection {
        loop.assertInLoop()
        waiterCount += 1
        let number = waiterCount
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                answer(number, continuation)
            }
        } onCancel: {
            loop.execute { [self] in
                dismiss(number, Self.cancelled)
            }
        }
        return try result.get()
    }

    /// Gives a session back, or a new one in; one that has ended, or comes after shutdown, is dropped.
    func release(_ connection: PostgresConnection) {
        loop.assertInLoop()
        guard connection.isOpen else { return }
        guard !isShutDown else {
            connection.close(Self.shutdown)
            return
        }
        if let waiter = waiters.popFirst() {
            loop.cancel(waiter.timer)
            waiter.continuation.resume(returning: .success(connection))
        } else {
            free.append(connection)
        }
    }

    /// Closes the free sessions and turns away who waits; those in use are closed when they come back.
    func shutdown() {
        loop.assertInLoop()
        isShutDown = true
        for connection in free {
            connection.close(Self.shutdown)
        }
        free = []
        while let waiter = waiters.popFirst() {
            loop.cancel(waiter.timer)
            waiter.continuation.resume(returning: .failure(Self.shutdown))
        }
    }

    private static var shutdown: PostgresError {
        PostgresError(.shutdown, "the database's client is shut down")
    }

    private static var cancelled: PostgresError {
        PostgresError(.cancelled, "the call was cancelled while it waited for the database")
    }

    /// At once where that is possible, else when a session is free.
    private func answer(
        _ number: UInt64, _ continuation: CheckedContinuation<Result<PostgresConnection, PostgresError>, Never>
    ) {
        guard !isShutDown else {
            continuation.resume(returning: .failure(Self.shutdown))
            return
        }
        guard !Task.isCancelled else {
            continuation.resume(returning: .failure(Self.cancelled))
            return
        }
        while let connection = free.popLast() {
            if connection.isOpen {
                continuation.resume(returning: .success(connection))
                return
            }
        }
        guard waiters.count < waiterCountMax else {
            continuation.resume(
                returning: .failure(
                    PostgresError(.poolExhausted, "\(waiterCountMax) calls wait for the database already")))
            return
        }
        let timer = loop.schedule(at: ContinuousClock.now.advanced(by: acquireTimeout)) { [weak self] in
            guard let self else { return }
            dismiss(number, timeoutError)
        }
        waiters.append(Waiter(number: number, continuation: continuation, timer: timer))
    }

    private var timeoutError: PostgresError {
        if let lastFailure {
            return PostgresError(.connectionLost, "the database cannot be reached: \(lastFailure.message)")
        }
        return PostgresError(.timeout, "no connection to the database was free within \(acquireTimeout)")
    }

    private func dismiss(_ number: UInt64, _ error: PostgresError) {
        guard let index = waiters.firstIndex(where: { $0.number == number }) else { return }
        let waiter = waiters.remove(at: index)
        loop.cancel(waiter.timer)
        waiter.continuation.resume(returning: .failure(error))
    }
}
