/// Where the database is and how much of it is used.
///
/// The connection string is libpq's own, with several hosts and `target_session_attrs=read-write` where there is a
/// standby. Hosts are best given as addresses or sockets: libpq looks names up on the loop's thread, which waits.
package struct PostgresConfiguration: Sendable {
    package var connectionString: String
    /// Sessions for queries; listening takes one more.
    package var connectionCount: Int
    /// What `pg_stat_activity` shows.
    package var applicationName: String
    /// Callers that may wait for a free connection; one more is refused.
    package var waiterCountMax: Int = 1024
    /// How long a caller waits for a free connection.
    package var acquireTimeout: Duration = .seconds(5)
    /// How long one attempt to connect may take.
    package var connectTimeout: Duration = .seconds(5)
    /// After it the server gives a statement up.
    package var statementTimeout: Duration = .seconds(30)
    /// After it the server gives waiting for a row's lock up.
    package var lockTimeout: Duration = .seconds(10)
    /// How much longer than the server the client waits before it closes the connection.
    package var answerGrace: Duration = .seconds(5)
    /// Prepared statements kept in each session.
    package var preparedStatementCountMax: Int = 256

    package init(connectionString: String, connectionCount: Int = 4, applicationName: String) {
        self.connectionString = connectionString
        self.connectionCount = connectionCount
        self.applicationName = applicationName
    }

    var queryTimeout: Duration { statementTimeout + answerGrace }
}
