internal import StatorReactor

/// A transaction under way; what it did stays if `PostgresClient.transaction` returns.
///
/// Of use inside the transaction's body only, and for one statement at a time. Unchecked: touched on the loop's thread
/// only, which the connection asserts.
package final class PostgresTransaction: PostgresExecutor, @unchecked Sendable {
    private let connection: PostgresConnection
    private let timeout: Duration
    private var isEnded = false

    init(_ connection: PostgresConnection, timeout: Duration) {
        self.connection = connection
        self.timeout = timeout
    }

    package func query(_ sql: String, _ parameters: [PostgresValue]) async throws(PostgresError) -> PostgresRows {
        try refuseEnded()
        return try await connection.query(sql, parameters, timeout: timeout, effect: .none)
    }

    /// Runs a script: several statements without parameters in one text.
    package func execute(_ script: String) async throws(PostgresError) {
        try refuseEnded()
        try await connection.execute(script, timeout: timeout)
    }

    /// The server's process of this session, as `pg_stat_activity` shows it.
    package var backendProcessID: Int32 { connection.backendProcessID }

    func begin() async throws(PostgresError) {
        try await connection.execute("BEGIN", timeout: timeout)
    }

    func commit() async throws(PostgresError) {
        isEnded = true
        let tag = try await connection.execute("COMMIT", timeout: timeout, effect: .commits, cancellation: .ignored)
        guard tag == "COMMIT" else {
            throw PostgresError(
                .transactionAborted, "a statement of the transaction had failed, so nothing of it stays")
        }
    }

    /// Leaves no trace: by ROLLBACK where the session still answers, else by ending it.
    func rollBack() async {
        isEnded = true
        guard connection.isOpen else { return }
        do {
            try await connection.execute("ROLLBACK", timeout: timeout, cancellation: .ignored)
        } catch {
            connection.close(error)
        }
    }

    private func refuseEnded() throws(PostgresError) {
        guard !isEnded else {
            throw PostgresError(.misuse, "the transaction has ended")
        }
    }
}
