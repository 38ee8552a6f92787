internal import StatorReactor

/// One session with the server, driven by the loop; one statement at a time.
///
/// Unchecked: everything in it is touched on the loop's thread only, which is asserted. The loop holds it while its
/// socket is registered; `close` ends that.
final class PostgresConnection: ReadinessHandler, @unchecked Sendable {
    /// How the end of the connection is told to the statement that it interrupts.
    enum Effect {
        /// Nothing of it stays: the server rolls back.
        case none
        /// It commits, so that nobody can say whether it happened.
        case commits
    }

    /// Until when a cancelled task gives its statement up.
    enum Cancellation {
        /// Whatever happens, the statement is sent and waited for.
        case ignored
        /// A statement that was sent is waited for: the server bounds how long it takes, and a session that others are
        /// to use after it is not thrown away because of one caller.
        case heededUntilSent
        /// The session is closed in the middle; for one that nobody else has yet.
        case heeded
    }

    private enum Activity {
        case none
        case connecting(CheckedContinuation<PostgresError?, Never>)
        case statement(Statement)
    }

    private struct Statement {
        let number: UInt64
        let effect: Effect
        let continuation: CheckedContinuation<Result<ResultStorage, PostgresError>, Never>
        var result: ResultStorage?
        var failure: PostgresError?
    }

    private let loop: EventLoop
    private var handle: ConnectionHandle?
    private var registration: Registration?
    private var interest: Interest = []
    private var activity = Activity.none
    private var timer: TimerID?
    private var statementCount: UInt64 = 0
    private var closeObservers: [CheckedContinuation<Void, Never>] = []
    /// Why it ended; nil while it is open.
    private(set) var closeReason: PostgresError?
    var statements: StatementCache
    /// True from the first to the last step of a statement, preparing it included.
    var isInUse = false
    /// Told of each notification, on the loop.
    var onNotification: (PostgresNotification) -> Void = { _ in }
    /// Told once, on the loop, when the session has ended.
    var onClose: () -> Void = {}

    private init(loop: EventLoop, statementCountMax: Int) {
        self.loop = loop
        statements = StatementCache(countMax: statementCountMax)
    }

    var isOpen: Bool { closeReason == nil }

    private static var cancelledBefore: PostgresError {
        PostgresError(.cancelled, "the call was cancelled before its statement was sent")
    }

    static var twoAtOnce: PostgresError {
        PostgresError(.misuse, "two statements at once on one connection to the database")
    }

    private var lost: PostgresError {
        PostgresError(.connectionLost, handle?.errorMessage ?? "the session with the database has ended")
    }

    /// The server's process of this session.
    var backendProcessID: Int32 { handle?.backendProcessID ?? 0 }

    /// Connects; the connection may be used once this returns.
    static func connect(
        _ parameters: ConnectionParameters, timeout: Duration, statementCountMax: Int, loop: EventLoop
    ) async throws(PostgresError) -> PostgresConnection {
        loop.assertInLoop()
        let connection = PostgresConnection(loop: loop, statementCountMax: statementCountMax)
        guard let handle = ConnectionHandle.start(parameters) else {
            throw PostgresError(.connectionLost, "no memory for a connection to the database")
        }
        if handle.isBad {
            throw PostgresError(.connectionLost, handle.errorMessage)
        }
        connection.handle = consume handle
        let failure = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                connection.beginConnecting(continuation, timeout: timeout)
            }
        } onCancel: {
            loop.execute { connection.close(PostgresError(.cancelled, "connecting to the database was cancelled")) }
        }
        if let failure {
            throw failure
        }
        return connection
    }

    /// Ends the session; whatever is under way fails with this error. The second time does nothing.
    func close(_ reason: PostgresError) {
        loop.assertInLoop()
        guard isOpen else { return }
        closeReason = reason
        stopTimer()
        unwatch()
        handle = nil
        let interrupted = activity
        activity = .none
        switch interrupted {
        case .none: break
        case .connecting(let continuation): continuation.resume(returning: reason)
        case .statement(let statement):
            statement.continuation.resume(
                returning: .failure(reason.withOutcomeUnknown(statement.effect == .commits)))
        }
        let observers = closeObservers
        closeObservers = []
        for observer in observers {
            observer.resume()
        }
        onClose()
    }

    /// Returns when the session has ended.
    func waitUntilClosed() async {
        loop.assertInLoop()
        await withCheckedContinuation { continuation in
            if isOpen {
                closeObservers.append(continuation)
            } else {
                continuation.resume()
            }
        }
    }

    /// Hands one statement to libpq and waits for its last result; a timeout closes the session.
    func exchange(
        _ request: StatementRequest,
        timeout: Duration,
        effect: Effect = .none,
        cancellation: Cancellation = .heededUntilSent
    ) async throws(PostgresError) -> ResultStorage {
        loop.assertInLoop()
        statementCount += 1
        let number = statementCount
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let statement = Statement(number: number, effect: effect, continuation: continuation)
                if cancellation != .ignored && Task.isCancelled {
                    continuation.resume(returning: .failure(Self.cancelledBefore))
                } else {
                    begin(statement, request, timeout: timeout)
                }
            }
        } onCancel: {
            if cancellation == .heeded {
                loop.execute { [self] in cancelStatement(number) }
            }
        }
        return try result.get()
    }

    /// The session is looked at here and not before: each `await` up to here lets others run.
    private func begin(_ statement: Statement, _ request: StatementRequest, timeout: Duration) {
        guard isOpen else {
            statement.continuation.resume(returning: .failure(closeReason ?? lost))
            return
        }
        guard case .none = activity else {
            statement.continuation.resume(returning: .failure(Self.twoAtOnce))
            return
        }
        activity = .statement(statement)
        startTimer(timeout, "the database did not answer within \(timeout)")
        guard handle?.send(request) == true else {
            close(lost)
            return
        }
        flush()
    }

    private func beginConnecting(_ continuation: CheckedContinuation<PostgresError?, Never>, timeout: Duration) {
        guard isOpen, !Task.isCancelled else {
            continuation.resume(returning: closeReason ?? Self.cancelledBefore)
            return
        }
        activity = .connecting(continuation)
        startTimer(timeout, "connecting to the database took longer than \(timeout)")
        watch([.write])
    }

    private func cancelStatement(_ number: UInt64) {
        guard case .statement(let statement) = activity, statement.number == number else { return }
        close(PostgresError(.cancelled, "the call was cancelled while its statement was under way"))
    }
}

// What the loop and libpq tell each other.
extension PostgresConnection {
    func ready(_ readiness: Readiness) {
        loop.assertInLoop()
        if case .connecting = activity {
            pollConnecting()
        } else {
            readAndWrite()
        }
    }

    private func pollConnecting() {
        // The socket may be another one after each step, with the same number even: never keep it registered over one.
        unwatch()
        switch handle?.poll() {
        case .needsReading?: watch([.read])
        case .needsWriting?: watch([.write])
        case .complete?: finishConnecting()
        case .failed?, nil: close(lost)
        }
    }

    private func finishConnecting() {
        guard case .connecting(let continuation) = activity else { return }
        stopTimer()
        activity = .none
        watch([.read])
        if isOpen {
            continuation.resume(returning: nil)
        } else {
            continuation.resume(returning: closeReason)
        }
    }

    private func readAndWrite() {
        guard handle?.consumeInput() == true else {
            // What the server said before it hung up is still to be had, and says more than the broken socket.
            collectResults()
            close(lost)
            return
        }
        while let notification = handle?.nextNotification() {
            onNotification(notification)
        }
        flush()
        collectResults()
    }

    private func flush() {
        switch handle?.flush() {
        case .complete?: watch([.read])
        case .needsWriting?: watch([.read, .write])
        case .failed?, nil: close(lost)
        }
    }

    private func collectResults() {
        var isComplete = false
        while case .statement(var statement) = activity, !isComplete, handle?.isBusy == false {
            if let result = handle?.nextResult() {
                take(result, &statement)
                activity = .statement(statement)
            } else {
                isComplete = true
                finish(statement)
            }
        }
    }

    private func take(_ result: consuming ResultHandle, _ statement: inout Statement) {
        switch result.kind {
        case .rows, .command: statement.result = ResultStorage(result)
        case .failure: statement.failure = statement.failure ?? result.error
        case .unexpected: close(PostgresError(.misuse, "a statement asked for a copy, which this client does not do"))
        }
    }

    private func finish(_ statement: Statement) {
        guard isOpen else { return }
        if handle?.isBad != false {
            var reason = statement.failure ?? lost
            reason.code = .connectionLost
            close(reason)
            return
        }
        stopTimer()
        activity = .none
        if let failure = statement.failure {
            statement.continuation.resume(returning: .failure(failure))
        } else if let result = statement.result {
            statement.continuation.resume(returning: .success(result))
        } else {
            statement.continuation.resume(
                returning: .failure(PostgresError(.decoding, "the database answered a statement with nothing")))
        }
    }

    private func watch(_ wanted: Interest) {
        guard isOpen, let descriptor = handle?.descriptor else { return }
        if registration != nil && interest == wanted { return }
        do {
            if let registration {
                try loop.update(registration, interest: wanted)
            } else {
                registration = try loop.register(descriptor, interest: wanted, handler: self)
            }
            interest = wanted
        } catch {
            close(PostgresError(.connectionLost, "the database's socket: \(error)"))
        }
    }

    private func unwatch() {
        guard let registration else { return }
        loop.deregister(registration)
        self.registration = nil
    }

    private func startTimer(_ timeout: Duration, _ message: String) {
        stopTimer()
        timer = loop.schedule(at: ContinuousClock.now.advanced(by: timeout)) { [weak self] in
            self?.timer = nil
            self?.close(PostgresError(.timeout, message))
        }
    }

    private func stopTimer() {
        if let timer {
            loop.cancel(timer)
        }
        timer = nil
    }
}
