internal import ComputeObjects
package import Logging
package import Postgres

/// Brings a database from one release's schema to the next, phase by phase, or says what keeps it from serving.
package struct Migrator: Sendable {
    /// Migrations of all conductors take turns by this lock. The number has no meaning but that nobody else uses it.
    private static let lockNumber: Int64 = 0x7374_6174_6f72
    static let timeout: Duration = .seconds(24 * 60 * 60)
    /// A statement that waits for a table's lock makes everyone behind it wait, so it waits briefly, again and again.
    private static let lockTimeout = "2s"
    private static let lockAttemptsMax = 60
    private static let lockPause: Duration = .milliseconds(500)

    let client: PostgresClient
    let logger: Logger
    let migrations: [Migration]

    /// The list is this release's, except in tests.
    package init(_ client: PostgresClient, logger: Logger, migrations: [Migration] = Migration.all) {
        self.client = client
        self.logger = logger
        self.migrations = migrations
    }

    // MARK: Looking

    /// Where the database stands. Throws `.schemaMismatch` when one of its migrations was applied in another form.
    package func status() async throws(StoreError) -> SchemaStatus {
        try await status(StoreSession(client))
    }

    /// Throws `.schemaMismatch`, with the way out, unless this release can serve from the database: everything that it
    /// expands is there, and nothing that it needs has been contracted.
    ///
    /// What a newer release has added is no hindrance: it adds what this one does not look at.
    package func requireServable(serviceVersion: UInt32 = Release.serviceVersion) async throws(StoreError) {
        let status = try await status()
        guard status.oldestServiceVersion <= serviceVersion else {
            let newest = status.migrations.last { $0.oldestServiceVersion == status.oldestServiceVersion }
            throw StoreError(
                .schemaMismatch,
                "the database has been contracted for releases of service version \(status.oldestServiceVersion) and "
                    + "later (migration \(newest?.version ?? 0) \(newest?.name ?? "")); this conductor of release "
                    + "\(Release.current) has service version \(serviceVersion): upgrade it")
        }
        guard let missing = status.pending(.expand).first else { return }
        let present = missing.version == 1 ? "no schema yet" : "no migration \(missing.version) (\(missing.name)) yet"
        throw StoreError(
            .schemaMismatch,
            "the database has \(present), which release \(Release.current) needs: run `stator-conductor migrate`")
    }

    func status(_ session: StoreSession) async throws(StoreError) -> SchemaStatus {
        let history = MigrationHistory(session: session)
        let applied = try await history.applied(migrations)
        if let different = applied.first(where: { $0.isSame == false }) {
            throw StoreError(
                .schemaMismatch,
                "migration \(different.version) (\(different.name)) was applied in another form than this release has "
                    + "it: the database is of another build")
        }
        var progress: [Int32: MigrationHistory.Progress] = [:]
        for one in try await history.progress() { progress[one.version] = one }
        let done = Set(applied.map(\.version))
        var steps = migrations.map { migration in
            MigrationProgress(
                version: migration.version, name: migration.name, phase: migration.phase,
                state: done.contains(migration.version)
                    ? .done : progress[migration.version] == nil ? .pending : .running,
                oldestServiceVersion: migration.oldestServiceVersion,
                rowsDone: progress[migration.version]?.rowsDone, rowsTotal: progress[migration.version]?.rowsTotal,
                isKnown: true)
        }
        steps += applied.filter { $0.isSame == nil }.map { foreign in
            MigrationProgress(
                version: foreign.version, name: foreign.name, phase: foreign.phase, state: .done,
                oldestServiceVersion: foreign.oldestServiceVersion, rowsDone: progress[foreign.version]?.rowsDone,
                rowsTotal: progress[foreign.version]?.rowsTotal, isKnown: false)
        }
        return SchemaStatus(
            migrations: steps.sorted { $0.version < $1.version },
            oldestServiceVersion: applied.map(\.oldestServiceVersion).max() ?? 0)
    }

    // MARK: Expanding

    /// Applies what this release adds to the schema, each migration in a transaction of its own; returns those.
    ///
    /// Safe to run twice, at once in several processes, and while conductors of the release before serve.
    package func expand() async throws(StoreError) -> [Migration] {
        var applied: [Migration] = []
        var isComplete = false
        while !isComplete {
            let next: Migration? = try await exclusively { session throws(StoreError) in
                let pending = Set(try await status(session).pending(.expand).map(\.version))
                guard let next = migrations.first(where: { pending.contains($0.version) }) else { return nil }
                try await apply(next, session)
                return next
            }
            if let next {
                note(next)
                applied.append(next)
            } else {
                isComplete = true
            }
        }
        return applied
    }

    /// Everything that is safe while the release before serves: expands, then moves data until none is left.
    package func migrate() async throws(StoreError) -> [Migration] {
        let expanded = try await expand()
        let waiting = Set(try await status().pending(.online).map(\.version))
        _ = try await moveOnline()
        return expanded + migrations.filter { waiting.contains($0.version) }
    }

    func apply(_ migration: Migration, _ session: StoreSession) async throws(StoreError) {
        guard case .statements(let sql) = migration.work else {
            throw StoreError(.internal, "migration \(migration.version) moves data and is not applied at once")
        }
        try await session.script(sql)
        try await MigrationHistory(session: session).record(migration)
    }

    func note(_ migration: Migration) {
        logger.info(
            "schema migrated",
            metadata: [
                "version": "\(migration.version)", "name": "\(migration.name)", "phase": "\(migration.phase.rawValue)",
            ])
    }

    // MARK: One at a time

    /// Runs the body in a transaction while no other migration runs; tables in use are tried again for a while.
    func exclusively<R: Sendable>(
        _ body: (StoreSession) async throws(StoreError) -> R
    ) async throws(StoreError) -> R {
        var attempt = 1
        var result: R?
        while result == nil {
            do throws(StoreError) {
                result = try await exclusivelyOnce(body)
            } catch {
                guard error.code == .contention, attempt < Self.lockAttemptsMax else { throw error }
                attempt += 1
                try? await Task.sleep(for: Self.lockPause)
            }
        }
        guard let result else { throw StoreError(.internal, "a migration ended without a result") }
        return result
    }

    private func exclusivelyOnce<R: Sendable>(
        _ body: (StoreSession) async throws(StoreError) -> R
    ) async throws(StoreError) -> R {
        do {
            return try await client.transaction(timeout: Self.timeout) { transaction in
                // Waiting for another conductor's migration, or a long one of our own, is no reason to give up.
                try await transaction.execute("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0")
                let session = StoreSession(transaction)
                try await session.execute("SELECT pg_advisory_xact_lock($1)", [.int8(Self.lockNumber)])
                try await transaction.execute("SET LOCAL lock_timeout = '\(Self.lockTimeout)'")
                try await transaction.execute(MigrationHistory.tables)
                return try await body(session)
            }
        } catch let error as StoreError {
            throw error
        } catch let error as PostgresError {
            throw StoreError(error)
        } catch {
            throw StoreError(.internal, "\(error)")
        }
    }
}
