import Conductor
import Postgres
import StatorReactor
import Testing

@Suite("Migrating the database")
struct MigratorTests {
    private let first = Migration(version: 1, name: "first", sql: "CREATE TABLE a (x int); CREATE TABLE b (x int)")
    private let second = Migration(version: 2, name: "second", sql: "ALTER TABLE a ADD y int")

    private static func migrator(_ fixture: StoreFixture, _ migrations: [Migration]) -> Migrator {
        Migrator(fixture.client, logger: StoreFixture.quietLogger, migrations: migrations)
    }

    @Test func `migrating brings an empty database to this release's schema, and again does nothing`() async throws {
        try await StoreFixture.run(migrated: false) { fixture in
            let migrator = Migrator(fixture.client, logger: StoreFixture.quietLogger)
            let before = await storeError { try await fixture.store.requireServableSchema() }
            #expect(before?.code == .schemaMismatch)
            #expect(before?.message.hasPrefix("the database has no schema yet, which release ") == true)
            #expect(before?.message.hasSuffix("needs: run `stator-conductor migrate`") == true)
            let applied = try await migrator.migrate()
            #expect(applied == Migration.all.filter { $0.phase != .contract })
            let again = try await migrator.migrate()
            #expect(again == [])
            try await fixture.store.requireServableSchema()
        }
    }

    @Test func `versions are counted from 1 without gaps`() {
        #expect(Migration.all.map(\.version) == Array(1...Int32(Migration.all.count)))
    }

    @Test func `a database that is behind says what to run`() async throws {
        try await StoreFixture.run(migrated: false) { [first, second] fixture in
            _ = try await Self.migrator(fixture, [first]).expand()
            let newer = Self.migrator(fixture, [first, second])
            let error = await storeError { try await newer.requireServable() }
            #expect(error?.code == .schemaMismatch)
            #expect(error?.message.hasPrefix("the database has no migration 2 (second) yet") == true)
            let applied = try await newer.migrate()
            #expect(applied == [second])
            try await newer.requireServable()
        }
    }

    @Test func `a release serves from a database that a newer one has expanded, and leaves its migrations alone`()
        async throws
    {
        try await StoreFixture.run(migrated: false) { [first, second] fixture in
            _ = try await Self.migrator(fixture, [first, second]).expand()
            let older = Self.migrator(fixture, [first])
            try await older.requireServable()
            let applied = try await older.migrate()
            #expect(applied == [])
            let status = try await older.status()
            #expect(status.migrations.map(\.name) == ["first", "second"])
            #expect(status.migrations.map(\.isKnown) == [true, false])
        }
    }

    @Test func `a migration that was applied in another form is refused`() async throws {
        try await StoreFixture.run(migrated: false) { [first] fixture in
            _ = try await Self.migrator(fixture, [first]).expand()
            var changed = first
            changed.work = .statements("CREATE TABLE a (x int)")
            let other = Self.migrator(fixture, [changed])
            let error = await storeError { try await other.requireServable() }
            #expect(error?.code == .schemaMismatch)
            #expect(error?.message.contains("migration 1 (first)") == true)
        }
    }

    @Test func `conductors that migrate at once apply each migration once`() async throws {
        try await StoreFixture.run(migrated: false) { [first, second] fixture in
            let applied = try await withThrowingTaskGroup(of: [Migration].self) { group in
                for _ in 0..<5 {
                    group.addTask { try await Self.migrator(fixture, [first, second]).expand() }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.map(\.version).sorted() == [1, 2])
        }
    }

    @Test func `a migration that fails leaves nothing of itself`() async throws {
        try await StoreFixture.run(migrated: false) { [first] fixture in
            let broken = Migration(version: 2, name: "broken", sql: "CREATE TABLE c (x int); SELECT 1/0")
            let migrator = Self.migrator(fixture, [first, broken])
            let error = await storeError { _ = try await migrator.expand() }
            #expect(error?.cause?.sqlState == "22012")
            let row = try await fixture.client.query("SELECT to_regclass('c') IS NULL AS gone").first
            #expect(try row?.bool("gone") == true)
            try await Self.migrator(fixture, [first]).requireServable()
        }
    }

    @Test func `a history from before phases were recorded is gone on with`() async throws {
        try await StoreFixture.run(migrated: false) { [first, second] fixture in
            _ = try await Self.migrator(fixture, [first]).expand()
            _ = try await fixture.client.query(
                "ALTER TABLE schema_migrations DROP COLUMN phase, DROP COLUMN oldest_service_version")
            _ = try await fixture.client.query("DROP TABLE data_migrations")
            let migrator = Self.migrator(fixture, [first, second])
            let before = try await migrator.status()
            #expect(before.migrations.map(\.state) == [.done, .pending])
            #expect(before.oldestServiceVersion == 1)
            let applied = try await migrator.expand()
            #expect(applied == [second])
        }
    }

    @Test func `a table in use is waited for without stopping those behind it`() async throws {
        try await StoreFixture.run(migrated: false) { [first, second] fixture in
            _ = try await Self.migrator(fixture, [first]).expand()
            let migrating = try await fixture.client.transaction { transaction in
                _ = try await transaction.query("SELECT x FROM a")
                let migrating = Task(executorPreference: fixture.loop) {
                    try await Self.migrator(fixture, [first, second]).expand()
                }
                // While the migration waits for this transaction, readers of the table get through before it is over.
                for _ in 0..<3 {
                    _ = try await fixture.client.query("SELECT x FROM a")
                    try await fixture.loop.sleep(for: .milliseconds(300))
                }
                return migrating
            }
            let applied = try await migrating.value
            #expect(applied == [second])
        }
    }
}
