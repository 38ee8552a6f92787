internal import Postgres

/// What a database says of its own history: the tables `schema_migrations` and `data_migrations`.
///
/// They belong to the migrator and not to a migration, so that every release can read them before anything else.
struct MigrationHistory: Sendable {
    /// A step that was taken, by this release or by another.
    struct Applied: Sendable {
        var version: Int32
        var name: String
        var phase: Migration.Phase
        var oldestServiceVersion: UInt32
        /// False: its text was another than this release's; nil: this release does not know it.
        var isSame: Bool?
    }

    /// How far an online step has come.
    struct Progress: Sendable {
        var version: Int32
        var rowsDone: UInt64
        var rowsTotal: UInt64
    }

    /// Also for tables as they were before phases were recorded.
    static let tables = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            version integer PRIMARY KEY,
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL
        );
        ALTER TABLE schema_migrations
            ADD COLUMN IF NOT EXISTS phase text NOT NULL DEFAULT 'expand',
            ADD COLUMN IF NOT EXISTS oldest_service_version bigint NOT NULL DEFAULT 1;
        CREATE TABLE IF NOT EXISTS data_migrations (
            version integer PRIMARY KEY,
            rows_done bigint NOT NULL CHECK (rows_done >= 0),
            rows_total bigint NOT NULL CHECK (rows_total >= 0),
            batches bigint NOT NULL CHECK (batches >= 0),
            begun_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL
        )
        """

    let session: StoreSession

    /// In order of their versions; none in a database without a history.
    ///
    /// Columns that the table may not have yet are read by way of JSON: who only serves changes no table.
    func applied(_ migrations: [Migration]) async throws(StoreError) -> [Applied] {
        try await unlessMissing([]) { () throws(StoreError) in
            try await session.rows(
                """
                SELECT applied.version, applied.name,
                    coalesce(to_jsonb(applied) ->> 'phase', 'expand') AS phase,
                    coalesce((to_jsonb(applied) ->> 'oldest_service_version')::bigint, 1) AS oldest_service_version,
                    applied.checksum = encode(sha256(convert_to(known.content, 'UTF8')), 'hex') AS is_same
                FROM schema_migrations AS applied
                LEFT JOIN unnest($1::integer[], $2::text[]) AS known (version, content) USING (version)
                ORDER BY applied.version
                """,
                [.int4Array(migrations.map(\.version)), .textArray(migrations.map(\.text))]
            ) { row throws(StoreError) in
                Applied(
                    version: Int32(truncatingIfNeeded: try row.int64("version")), name: try row.text("name"),
                    phase: Migration.Phase(rawValue: try row.text("phase")) ?? .expand,
                    oldestServiceVersion: try row.unsigned("oldest_service_version"),
                    isSame: try row.boolOrNil("is_same"))
            }
        }
    }

    func progress() async throws(StoreError) -> [Progress] {
        try await unlessMissing([]) { () throws(StoreError) in
            try await session.rows("SELECT version, rows_done, rows_total FROM data_migrations ORDER BY version") {
                row throws(StoreError) in
                Progress(
                    version: Int32(truncatingIfNeeded: try row.int64("version")),
                    rowsDone: try row.unsigned("rows_done"), rowsTotal: try row.unsigned("rows_total"))
            }
        }
    }

    func record(_ migration: Migration) async throws(StoreError) {
        try await session.execute(
            """
            INSERT INTO schema_migrations (version, name, checksum, applied_at, phase, oldest_service_version)
            VALUES ($1, $2, encode(sha256(convert_to($3, 'UTF8')), 'hex'), clock_timestamp(), $4, $5)
            ON CONFLICT (version) DO NOTHING
            """,
            [
                .int4(migration.version), .text(migration.name), .text(migration.text),
                .text(migration.phase.rawValue), .number(migration.oldestServiceVersion),
            ])
    }

    /// Adds a batch to an online step's progress; returns the sums.
    func advance(_ version: Int32, moved: Int, remaining: UInt64) async throws(StoreError) -> Progress {
        let advanced = try await session.row(
            """
            INSERT INTO data_migrations AS m (version, rows_done, rows_total, batches, begun_at, updated_at)
            VALUES ($1, $2, $2 + $3, 1, clock_timestamp(), clock_timestamp())
            ON CONFLICT (version) DO UPDATE SET rows_done = m.rows_done + $2, rows_total = m.rows_done + $2 + $3,
                batches = m.batches + 1, updated_at = clock_timestamp()
            RETURNING m.version, m.rows_done, m.rows_total
            """,
            [.int4(version), .number(moved), .int8(Int64(clamping: remaining))]
        ) { row throws(StoreError) in
            Progress(
                version: version, rowsDone: try row.unsigned("rows_done"), rowsTotal: try row.unsigned("rows_total"))
        }
        guard let advanced else { throw StoreError(.internal, "progress was written but not returned") }
        return advanced
    }

    private func unlessMissing<R>(
        _ nothing: R, _ body: () async throws(StoreError) -> R
    ) async throws(StoreError) -> R {
        do throws(StoreError) {
            return try await body()
        } catch {
            guard error.code == .schemaMismatch, error.cause?.sqlState == SQLState.undefinedTable else { throw error }
            return nothing
        }
    }
}
