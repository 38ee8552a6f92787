import Postgres
import StatorReactor
import TestSupport
import Testing

/// Each has a server of its own: killing one of its processes makes all others start anew.
@Suite("A database that fails", .serialized)
struct PostgresFailureTests {
    @Test func `a backend killed in a statement loses the connection, and a later call finds a new one`() async throws {
        let server = try TemporaryPostgres()
        try await withClient(of: server) { client, _ in
            let error = await postgresError {
                try await client.transaction { transaction in
                    let processID = transaction.backendProcessID
                    async let answer = transaction.query("SELECT pg_sleep(20)")
                    try await waitUntilActive(processID, server)
                    try server.killBackend(processID)
                    _ = try await answer
                }
            }
            #expect(error?.code == .connectionLost)
            #expect(error?.outcomeUnknown == false)
            let rows = try await queryAgain(client)
            #expect(rows.count == 1)
        }
    }

    @Test func `a backend killed while it commits leaves the outcome unknown`() async throws {
        let server = try TemporaryPostgres()
        try await withClient(of: server) { client, _ in
            // A deferred trigger lets the commit itself take long.
            _ = try await client.transaction { transaction in
                try await transaction.execute(
                    """
                    CREATE TABLE t (x int);
                    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                        $$ BEGIN PERFORM pg_sleep(20); RETURN NULL; END $$;
                    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
                        FOR EACH ROW EXECUTE FUNCTION slow()
                    """)
            }
            let killer = Task {
                try await waitUntilActive(statement: "COMMIT", server)
            }
            let error = await postgresError {
                try await client.transaction { transaction in
                    _ = try await transaction.query("INSERT INTO t VALUES (1)")
                }
            }
            try await killer.value
            #expect(error?.code == .connectionLost)
            #expect(error?.outcomeUnknown == true)
        }
    }

    @Test func `a server that was restarted is connected to again`() async throws {
        let server = try TemporaryPostgres()
        try await withClient(of: server) { client, _ in
            _ = try await client.query("SELECT 1")
            try server.restart()
            let rows = try await queryAgain(client)
            #expect(rows.count == 1)
        }
    }

    @Test func `after a lost connection listeners are told that they may have missed something`() async throws {
        let server = try TemporaryPostgres()
        try await withClient(of: server) { client, loop in
            let stream = await onLoop(loop) { client.listen("events") }
            var notifications = stream.makeAsyncIterator()
            #expect(await notifications.next() == PostgresNotification(channel: "events", payload: nil))
            try server.restart()
            #expect(await notifications.next() == PostgresNotification(channel: "events", payload: nil))
            _ = try await queryAgain(client)
            _ = try await client.query("SELECT pg_notify('events', 'after')")
            #expect(await notifications.next()?.payload == "after")
        }
    }
}

private func waitUntilActive(_ processID: Int32, _ server: TemporaryPostgres) async throws {
    for _ in 0..<200 {
        let count = try server.query(
            "SELECT 1 FROM pg_stat_activity WHERE pid = \(processID) AND query LIKE '%pg_sleep%' AND state = 'active'")
        if !count.isEmpty { return }
        try await Task.sleep(for: .milliseconds(20))
    }
}

private func waitUntilActive(statement: String, _ server: TemporaryPostgres) async throws {
    for _ in 0..<200 {
        let lines = try server.query(
            "SELECT pid FROM pg_stat_activity WHERE query = '\(statement)' AND state = 'active'")
        if let line = lines.first, let processID = Int32(line) {
            try server.killBackend(processID)
            return
        }
        try await Task.sleep(for: .milliseconds(20))
    }
}
