// Statements of one session.
extension PostgresConnection {
    /// Runs one statement with parameters, prepared at its first use in the session.
    func query(
        _ sql: String,
        _ parameters: [PostgresValue],
        timeout: Duration,
        effect: Effect
    ) async throws(PostgresError) -> PostgresRows {
        let encoding = try ParameterEncoding(parameters)
        try beginUse()
        defer { isInUse = false }
        let key = StatementCache.Key(sql: sql, typeIDs: encoding.typeIDs)
        let name = try await prepare(key, timeout: timeout)
        do {
            return PostgresRows(
                try await exchange(.execute(name: name, encoding), timeout: timeout, effect: effect))
        } catch {
            // The schema has changed under the statement, or somebody has deallocated it: prepare it anew next time.
            if error.sqlState == SQLState.featureNotSupported || error.sqlState == SQLState.invalidStatementName {
                statements.remove(key)
            }
            throw error
        }
    }

    /// Runs statements without parameters, one text, by the simple protocol; returns the last one's command tag.
    @discardableResult
    func execute(
        _ sql: String,
        timeout: Duration,
        effect: Effect = .none,
        cancellation: Cancellation = .heededUntilSent
    ) async throws(PostgresError) -> String {
        try refuseNUL(sql)
        try beginUse()
        defer { isInUse = false }
        let storage = try await exchange(
            .simple(sql), timeout: timeout, effect: effect, cancellation: cancellation)
        return storage.commandTag
    }

    private func beginUse() throws(PostgresError) {
        guard !isInUse else { throw Self.twoAtOnce }
        isInUse = true
    }

    private func prepare(_ key: StatementCache.Key, timeout: Duration) async throws(PostgresError) -> String {
        if let name = statements.name(for: key) {
            return name
        }
        try refuseNUL(key.sql)
        if let evicted = statements.evict() {
            _ = try await exchange(.simple("DEALLOCATE \(evicted)"), timeout: timeout)
        }
        let name = statements.makeName()
        _ = try await exchange(.prepare(name: name, sql: key.sql, typeIDs: key.typeIDs), timeout: timeout)
        statements.insert(key, name: name)
        return name
    }

    private func refuseNUL(_ sql: String) throws(PostgresError) {
        guard !sql.utf8.contains(0) else {
            throw PostgresError(.invalidParameter, "a statement for the database contains a NUL")
        }
    }
}
