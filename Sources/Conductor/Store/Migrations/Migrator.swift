package import Logging
package import Postgres

/// Brings a database to this release's schema, or says what keeps it from serving.
package struct Migrator: Sendable {
    /// Migrations of all conductors take turns by this lock. The number has no meaning but that nobody else uses it.
    private static let lockNumber: Int64 = 0x7374_6174_6f72
    private static let timeout: Duration = .seconds(24 * 60 * 60)

    private let client: PostgresClient
    private let logger: Logger
    private let migrations: [Migration]

    /// The list is this release's, except in tests.
    package init(_ client: PostgresClient, logger: Logger, migrations: [Migration] = Migration.all) {
        self.client = client
        self.logger = logger
        self.migrations = migrations
    }

    /// Applies what is missing, each migration in a transaction of its own; returns those it applied. Safe to run twice,
    /// and at once in several processes. Throws `.schemaMismatch` when the database is ahead of this release.
    package func migrate() async throws(StoreError) -> [Migration] {
        var applied: [Migration] = []
        var isComplete = false
        while !isComplete {
            if let migration = try await applyNext() {
                logger.info(
                    "schema migrated", metadata: ["version": "\(migration.version)", "name": "\(migration.name)"])
                applied.append(migration)
            } else {
                isComplete = true
            }
        }
        return applied
    }

    /// The migrations that `migrate()` would apply now.
    package func pending() async throws(StoreError) -> [Migration] {
        let applied: [AppliedMigration]
        do throws(StoreError) {
            applied = try await readApplied(StoreSession(client))
        } catch {
            guard error.code == .schemaMismatch, error.cause?.sqlState == SQLState.undefinedTable else { throw error }
            applied = []
        }
        return try remaining(after: applied)
    }

    /// Throws `.schemaMismatch`, with the way out, unless the database has exactly this release's schema.
    package func requireCurrent() async throws(StoreError) {
        guard let missing = try await pending().first else { return }
        let present = missing.version == 1 ? "no schema yet" : "schema \(missing.version - 1)"
        throw StoreError(
            .schemaMismatch,
            "the database has \(present), this release needs \(newestVersion): run `stator-conductor migrate`")
    }

    private var newestVersion: Int32 { migrations.last?.version ?? 0 }

    private func applyNext() async throws(StoreError) -> Migration? {
        do {
            return try await client.transaction(timeout: Self.timeout) { transaction in
                // Waiting for another conductor's migration, or a long one of our own, is no reason to give up.
                try await transaction.execute("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0")
                let session = StoreSession(transaction)
                try await session.execute("SELECT pg_advisory_xact_lock($1)", [.int8(Self.lockNumber)])
                try await transaction.execute(Self.historyTable)
                guard let next = try remaining(after: try await readApplied(session)).first else { return nil }
                try await transaction.execute(next.sql)
                try await session.execute(
                    """
                    INSERT INTO schema_migrations (version, name, checksum, applied_at)
                    VALUES ($1, $2, encode(sha256(convert_to($3, 'UTF8')), 'hex'), clock_timestamp())
                    """,
                    [.int4(next.version), .text(next.name), .text(next.sql)])
                return next
            }
        } catch let error as StoreError {
            throw error
        } catch let error as PostgresError {
            throw StoreError(error)
        } catch {
            throw StoreError(.internal, "\(error)")
        }
    }

    private static let historyTable = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            version integer PRIMARY KEY,
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL
        )
        """

    private struct AppliedMigration {
        var version: Int32
        var name: String
        /// False: its SQL was another than this release's; nil: this release does not know it.
        var isSame: Bool?
    }

    private func readApplied(_ session: StoreSession) async throws(StoreError) -> [AppliedMigration] {
        try await session.rows(
            """
            SELECT applied.version, applied.name,
                applied.checksum = encode(sha256(convert_to(known.sql, 'UTF8')), 'hex') AS is_same
            FROM schema_migrations AS applied
            LEFT JOIN unnest($1::integer[], $2::text[]) AS known (version, sql) USING (version)
            ORDER BY applied.version
            """,
            [.int4Array(migrations.map(\.version)), .textArray(migrations.map(\.sql))]
        ) { row throws(StoreError) in
            AppliedMigration(
                version: Int32(truncatingIfNeeded: try row.int64("version")), name: try row.text("name"),
                isSame: try row.boolOrNil("is_same"))
        }
    }

    private func remaining(after applied: [AppliedMigration]) throws(StoreError) -> [Migration] {
        if let newest = applied.last, newest.version > newestVersion {
            throw StoreError(
                .schemaMismatch,
                "the database has schema \(newest.version), this release knows \(newestVersion): "
                    + "upgrade this conductor first")
        }
        if let different = applied.first(where: { $0.isSame == false }) {
            throw StoreError(
                .schemaMismatch,
                "migration \(different.version) (\(different.name)) was applied in another form than this release has "
                    + "it: the database is of another build")
        }
        let versions = Set(applied.map(\.version))
        return migrations.filter { !versions.contains($0.version) }
    }
}
