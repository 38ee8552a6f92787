/// What statements run on: the client, where each commits by itself, or a transaction.
package protocol PostgresExecutor: Sendable {
    /// Runs one statement, prepared at its first use in a session; parameters and results are binary.
    func query(_ sql: String, _ parameters: [PostgresValue]) async throws(PostgresError) -> PostgresRows
}

extension PostgresExecutor {
    package func query(_ sql: String) async throws(PostgresError) -> PostgresRows {
        try await query(sql, [])
    }
}
