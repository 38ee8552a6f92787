internal import StatorReactor

/// Makes sessions that are ready for work: connected, with their settings.
struct SessionOpener: Sendable {
    private let configuration: PostgresConfiguration
    private let parameters: ConnectionParameters
    private let loop: EventLoop

    init(_ configuration: PostgresConfiguration, loop: EventLoop) throws(PostgresError) {
        self.configuration = configuration
        self.loop = loop
        var parameters = try ConnectionParameters(parsing: configuration.connectionString)
        parameters.setDefault("application_name", configuration.applicationName)
        parameters.set("client_encoding", "UTF8")
        // A server that is gone without a word is noticed after about half a minute.
        parameters.setDefault("keepalives_idle", "15")
        parameters.setDefault("keepalives_interval", "5")
        parameters.setDefault("keepalives_count", "3")
        parameters.setDefault("tcp_user_timeout", "30000")
        self.parameters = parameters
    }

    /// Connects and sets the session up; `attempt` says with which of several hosts to begin.
    func open(attempt: Int) async throws(PostgresError) -> PostgresConnection {
        let connection = try await PostgresConnection.connect(
            parameters.turned(by: attempt),
            timeout: configuration.connectTimeout,
            statementCountMax: configuration.preparedStatementCountMax,
            loop: loop)
        do {
            try await connection.execute(settings, timeout: configuration.connectTimeout, cancellation: .heeded)
        } catch {
            connection.close(error)
            throw error
        }
        return connection
    }

    private var settings: String {
        let statementTimeout = configuration.statementTimeout.wholeMilliseconds
        let lockTimeout = configuration.lockTimeout.wholeMilliseconds
        return """
            SET statement_timeout = \(statementTimeout);
            SET lock_timeout = \(lockTimeout);
            SET idle_in_transaction_session_timeout = \(statementTimeout * 2);
            SET client_connection_check_interval = 2000;
            SET plan_cache_mode = force_generic_plan
            """
    }
}

extension Duration {
    /// Rounded up, at least one.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return max(1, seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}

extension Backoff {
    /// Between two attempts to open the same session.
    static let ofSessions = Backoff(first: .milliseconds(50), longest: .seconds(2))
}
