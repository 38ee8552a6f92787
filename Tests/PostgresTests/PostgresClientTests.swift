import Postgres
import StatorReactor
import TestSupport
import Testing

@Suite("A client of the database")
struct PostgresClientTests {
    @Test func `errors carry what the server said`() async throws {
        try await withClient { client, _ in
            _ = try await client.query("CREATE TABLE t (x int CONSTRAINT t_positive CHECK (x > 0))")
            let violation = await postgresError { _ = try await client.query("INSERT INTO t VALUES (-1)") }
            #expect(violation?.code == .server)
            #expect(violation?.sqlState == SQLState.checkViolation)
            #expect(violation?.constraint == "t_positive")
            #expect(violation?.detail != nil)
            #expect(violation?.outcomeUnknown == false)
            let syntax = await postgresError { _ = try await client.query("SELEC") }
            #expect(syntax?.sqlState == "42601")
        }
    }

    @Test func `a transaction stays when its body returns and goes when it throws`() async throws {
        struct Refusal: Error {}
        try await withClient { client, _ in
            _ = try await client.query("CREATE TABLE t (x int)")
            let inside = try await client.transaction { transaction in
                _ = try await transaction.query("INSERT INTO t VALUES (1)")
                return try await transaction.query("SELECT 1 FROM t").count
            }
            #expect(inside == 1)
            await #expect(throws: Refusal.self) {
                try await client.transaction { transaction in
                    _ = try await transaction.query("INSERT INTO t VALUES (2)")
                    throw Refusal()
                }
            }
            #expect(try await client.query("SELECT 1 FROM t").count == 1)
        }
    }

    @Test func `a transaction whose failure was swallowed does not pretend to have been committed`() async throws {
        try await withClient { client, _ in
            let error = await postgresError {
                try await client.transaction { transaction in
                    _ = try? await transaction.query("SELECT 1/0")
                }
            }
            #expect(error?.code == .transactionAborted)
        }
    }

    @Test func `a transaction refuses a second statement at once and any after its end`() async throws {
        try await withClient { client, _ in
            let kept = try await client.transaction { transaction in
                async let first = postgresError { _ = try await transaction.query("SELECT pg_sleep(0.05)") }
                async let second = postgresError { _ = try await transaction.query("SELECT pg_sleep(0.05)") }
                let errors = await [first, second].compactMap { $0 }
                #expect(errors.map(\.code) == [.misuse])
                return transaction
            }
            #expect(await postgresError { _ = try await kept.query("SELECT 1") }?.code == .misuse)
        }
    }

    @Test func `callers wait in line for a connection and one too many is refused`() async throws {
        try await withClient { configuration in
            configuration.connectionCount = 1
            configuration.waiterCountMax = 2
        } _: { client, _ in
            let holding = Gate()
            let mayEnd = Gate()
            async let held: Void = client.transaction { _ in
                holding.open()
                await mayEnd.wait()
            }
            await holding.wait()
            try await withThrowingTaskGroup(of: PostgresError?.self) { group in
                for _ in 0..<3 {
                    group.addTask { await postgresError { _ = try await client.query("SELECT 1") } }
                }
                let refused = try await group.next()
                #expect(refused??.code == .poolExhausted)
                mayEnd.open()
                for try await error in group {
                    #expect(error == nil)
                }
            }
            try await held
        }
    }

    @Test func `waiting for a connection ends after a while`() async throws {
        try await withClient { configuration in
            configuration.connectionCount = 1
            configuration.acquireTimeout = .milliseconds(30)
        } _: { client, _ in
            _ = try await queryAgain(client)
            let holding = Gate()
            let mayEnd = Gate()
            async let held: Void = client.transaction { _ in
                holding.open()
                await mayEnd.wait()
            }
            await holding.wait()
            let error = await postgresError { _ = try await client.query("SELECT 1") }
            #expect(error?.code == .timeout)
            mayEnd.open()
            try await held
        }
    }

    @Test func `more statements than a session keeps prepared still run`() async throws {
        try await withClient { configuration in
            configuration.connectionCount = 1
            configuration.preparedStatementCountMax = 3
        } _: { client, _ in
            for round in 0..<2 {
                for number in 0..<7 {
                    let row = try #require(try await client.query("SELECT \(number)::int4 AS x").first)
                    #expect(try row.int4("x") == Int32(number), "round \(round)")
                }
            }
            let kept = try await client.query("SELECT name FROM pg_prepared_statements")
            #expect(kept.count <= 3)
        }
    }

    @Test func `sessions have their limits set`() async throws {
        try await withClient { configuration in
            configuration.statementTimeout = .milliseconds(100)
        } _: { client, _ in
            let error = await postgresError { _ = try await client.query("SELECT pg_sleep(10)") }
            #expect(error?.sqlState == SQLState.queryCanceled)
            let row = try #require(try await client.query("SELECT current_setting('lock_timeout') AS x").first)
            #expect(try row.text("x") == "10s")
        }
    }

    @Test func `a statement without an answer in time costs its connection only`() async throws {
        try await withClient { configuration in
            configuration.connectionCount = 1
        } _: { client, _ in
            let error = await postgresError {
                _ = try await client.query("SELECT pg_sleep(10)", timeout: .milliseconds(50))
            }
            #expect(error?.code == .timeout)
            #expect(error?.outcomeUnknown == false)
            let writing = await postgresError {
                _ = try await client.query(
                    "WITH slept AS (SELECT pg_sleep(10)) SELECT 1 FROM slept", timeout: .milliseconds(50))
            }
            #expect(writing?.outcomeUnknown == true)
            let rows = try await client.query("SELECT 1")
            #expect(rows.count == 1)
        }
    }

    @Test func `a statement that was sent is waited for although its call is cancelled`() async throws {
        try await withClient { configuration in
            configuration.connectionCount = 1
        } _: { client, loop in
            let server = try TemporaryPostgres.shared()
            let before = try #require(try await backendProcessID(client))
            let call = Task(executorPreference: loop) {
                try await client.query("SELECT pg_sleep(2), 7 AS x").first?.int4("x")
            }
            try await waitUntil("the statement is under way") {
                try server.query("SELECT wait_event FROM pg_stat_activity WHERE pid = \(before)") == ["PgSleep"]
            }
            call.cancel()
            #expect(try await call.value == 7)
            #expect(try await backendProcessID(client) == before)
        }
    }

    @Test func `a cancelled transaction is rolled back and keeps its session`() async throws {
        try await withClient { configuration in
            configuration.connectionCount = 1
        } _: { client, loop in
            _ = try await client.query("CREATE TABLE t (x int)")
            let before = try #require(try await backendProcessID(client))
            let inserted = Gate()
            let cancelled = Gate()
            let call = Task(executorPreference: loop) {
                await postgresError {
                    try await client.transaction { transaction in
                        _ = try await transaction.query("INSERT INTO t VALUES (1)")
                        inserted.open()
                        await cancelled.wait()
                        _ = try await transaction.query("INSERT INTO t VALUES (2)")
                    }
                }
            }
            await inserted.wait()
            call.cancel()
            cancelled.open()
            #expect(await call.value?.code == .cancelled)
            let rows = try await client.query("SELECT x FROM t")
            #expect(rows.isEmpty)
            #expect(try await backendProcessID(client) == before)
        }
    }

    @Test func `a call that is cancelled while it waits for a session ends at once`() async throws {
        try await withClient { configuration in
            configuration.connectionCount = 1
        } _: { client, loop in
            try await client.transaction { transaction in
                let started = Gate()
                let call = Task(executorPreference: loop) {
                    started.open()
                    return await postgresError { _ = try await client.query("SELECT 1") }
                }
                await started.wait()
                call.cancel()
                #expect(await call.value?.code == .cancelled)
                _ = try await transaction.query("SELECT 1")
            }
        }
    }

    @Test func `after shutdown calls are refused`() async throws {
        try await withClient { client, loop in
            await onLoop(loop) { client.shutdown() }
            #expect(await postgresError { _ = try await client.query("SELECT 1") }?.code == .shutdown)
        }
    }

    @Test func `a connection string that is none is refused at once`() async throws {
        let loop = try EventLoop(label: "unused")
        let configuration = PostgresConfiguration(connectionString: "no such thing", applicationName: "test")
        let error = await postgresError {
            _ = try PostgresClient(configuration, loop: loop, logger: quietLogger)
        }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains("connection string") == true)
    }

    @Test func `a server that is not there is named in the error`() async throws {
        var configuration = PostgresConfiguration(
            connectionString: "host=/nonexistent user=nobody dbname=none", applicationName: "test")
        configuration.acquireTimeout = .milliseconds(100)
        try await withClient(configuration) { client, _ in
            let error = await postgresError { _ = try await client.query("SELECT 1") }
            #expect(error?.code == .connectionLost)
            #expect(error?.message.contains("/nonexistent") == true)
            #expect(error?.message.contains("\n") == false)
        }
    }

    @Test func `of several hosts the one that takes writes is used`() async throws {
        let server = try TemporaryPostgres.shared()
        let configuration = PostgresConfiguration(
            connectionString: server.connectionString.replacingHost { "/nonexistent,\($0)" }
                + " target_session_attrs=read-write",
            applicationName: "test")
        try await withClient(configuration) { client, _ in
            let rows = try await client.query("SELECT 1")
            #expect(rows.count == 1)
        }
    }
}

/// Of the session that serves the next call.
private func backendProcessID(_ client: PostgresClient) async throws -> Int32? {
    try await client.query("SELECT pg_backend_pid() AS id").first?.int4("id")
}

extension String {
    fileprivate func replacingHost(_ change: (Substring) -> String) -> String {
        split(separator: " ").map { part in
            part.hasPrefix("host=") ? "host=" + change(part.dropFirst(5)) : String(part)
        }.joined(separator: " ")
    }
}
