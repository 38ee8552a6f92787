package import Logging
package import StatorReactor

/// The database: a few sessions that many callers share, and one that listens.
///
/// Every method but the initializer is called on the loop. Sessions exist while `run()` runs; a call made before waits
/// its turn like any other.
package final class PostgresClient: PostgresExecutor {
    private let configuration: PostgresConfiguration
    private let loop: EventLoop
    package let logger: Logger
    private let opener: SessionOpener
    private let pool: ConnectionPool
    private let listener: NotificationListener
    private let stopSignal: StopSignal

    /// Throws when the connection string is not one; connects to nothing yet.
    package init(_ configuration: PostgresConfiguration, loop: EventLoop, logger: Logger) throws(PostgresError) {
        self.configuration = configuration
        self.loop = loop
        self.logger = logger
        opener = try SessionOpener(configuration, loop: loop)
        pool = ConnectionPool(
            loop: loop,
            waiterCountMax: configuration.waiterCountMax,
            acquireTimeout: configuration.acquireTimeout)
        listener = NotificationListener(opener: opener, loop: loop, logger: logger, timeout: configuration.queryTimeout)
        stopSignal = StopSignal(loop: loop)
    }

    /// Keeps the sessions connected until `shutdown()`, or until its task is cancelled; once.
    package func run() async {
        await withTaskExecutorPreference(loop) {
            await withTaskCancellationHandler {
                await keepConnected()
            } onCancel: {
                loop.execute { [self] in shutdown() }
            }
        }
    }

    /// Ends `run()`: free sessions at once, others when their statement or transaction is done.
    package func shutdown() {
        loop.assertInLoop()
        pool.shutdown()
        listener.shutdown()
        stopSignal.stop()
    }

    package func query(_ sql: String, _ parameters: [PostgresValue]) async throws(PostgresError) -> PostgresRows {
        try await query(sql, parameters, timeout: configuration.queryTimeout)
    }

    /// Runs one statement, which commits by itself; when it has not answered in time its session is closed. A cancelled
    /// task gives up waiting for a session, but not a statement that was sent: what came of it is the answer.
    ///
    /// One that begins with SELECT counts as reading only: when its connection is lost, no outcome is unknown.
    package func query(
        _ sql: String, _ parameters: [PostgresValue] = [], timeout: Duration
    ) async throws(PostgresError) -> PostgresRows {
        let connection = try await pool.acquire()
        defer { pool.release(connection) }
        let effect: PostgresConnection.Effect = sql.hasPrefix("SELECT") ? .none : .commits
        return try await connection.query(sql, parameters, timeout: timeout, effect: effect)
    }

    /// Runs the body between BEGIN and COMMIT on one session; when it throws, or its task is cancelled before the
    /// commit is sent, nothing of it stays. Repeats nothing. An error with `outcomeUnknown` may yet have been committed.
    /// The timeout is each statement's.
    package func transaction<R: Sendable>(
        timeout: Duration? = nil, _ body: (PostgresTransaction) async throws -> R
    ) async throws -> R {
        let connection = try await pool.acquire()
        defer { pool.release(connection) }
        let transaction = PostgresTransaction(connection, timeout: timeout ?? configuration.queryTimeout)
        let result: R
        do {
            try await transaction.begin()
            result = try await body(transaction)
            if Task.isCancelled {
                throw PostgresError(.cancelled, "the call was cancelled before its transaction was committed")
            }
        } catch {
            await transaction.rollBack()
            throw error
        }
        try await transaction.commit()
        return result
    }

    /// What is notified on a channel, from when listening has begun; a payload of nil says that it has begun just now,
    /// or begun again after a lost session, so that earlier notifications may be missed.
    package func listen(_ channel: String) -> AsyncStream<PostgresNotification> {
        loop.assertInLoop()
        return listener.listen(channel)
    }

    private func keepConnected() async {
        await withTaskGroup(of: Void.self) { group in
            for slot in 0..<max(1, configuration.connectionCount) {
                group.addTask { await self.keepSession(slot) }
            }
            group.addTask { await self.listener.run() }
            await stopSignal.wait()
            group.cancelAll()
        }
    }

    private func keepSession(_ slot: Int) async {
        var backoff = Backoff.ofSessions
        var attempt = 0
        while !stopSignal.isStopped {
            do {
                let connection = try await opener.open(attempt: attempt)
                backoff.reset()
                pool.lastFailure = nil
                pool.release(connection)
                await connection.waitUntilClosed()
                if !stopSignal.isStopped {
                    logger.warning(
                        "database session lost", metadata: ["slot": "\(slot)", "reason": "\(reason(connection))"])
                }
            } catch {
                attempt += 1
                if pool.lastFailure?.message != error.message && !stopSignal.isStopped {
                    logger.warning("no database session", metadata: ["slot": "\(slot)", "reason": "\(error)"])
                }
                pool.lastFailure = error
            }
            // Also after a session that was lost at once, so that a server which accepts and hangs up is not stormed.
            try? await loop.sleep(for: backoff.next())
        }
    }

    private func reason(_ connection: PostgresConnection) -> String {
        connection.closeReason?.description ?? ""
    }
}
