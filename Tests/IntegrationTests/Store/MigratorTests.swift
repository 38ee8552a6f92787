import Conductor
import Postgres
import Testing

@Suite("Migrating the database")
struct MigratorTests {
    private let first = Migration(version: 1, name: "first", sql: "CREATE TABLE a (x int); CREATE TABLE b (x int)")
    private let second = Migration(version: 2, name: "second", sql: "ALTER TABLE a ADD y int")

    @Test func `migrating brings an empty database to this release's schema, and again does nothing`() async throws {
        try await StoreFixture.run(migrated: false) { fixture in
            let migrator = Migrator(fixture.client, logger: StoreFixture.quietLogger)
            let before = await storeError { try await fixture.store.requireCurrentSchema() }
            #expect(before?.code == .schemaMismatch)
            let wanted = Migration.all.last?.version ?? 0
            #expect(
                before?.message
                    == "the database has no schema yet, this release needs \(wanted): run `stator-conductor migrate`")
            let applied = try await migrator.migrate()
            #expect(applied == Migration.all)
            let again = try await migrator.migrate()
            #expect(again == [])
            try await fixture.store.requireCurrentSchema()
        }
    }

    @Test func `versions are counted from 1 without gaps`() {
        #expect(Migration.all.map(\.version) == Array(1...Int32(Migration.all.count)))
    }

    @Test func `a database that is behind says what to run`() async throws {
        try await StoreFixture.run(migrated: false) { [first, second] fixture in
            _ = try await Migrator(fixture.client, logger: StoreFixture.quietLogger, migrations: [first]).migrate()
            let newer = Migrator(fixture.client, logger: StoreFixture.quietLogger, migrations: [first, second])
            let error = await storeError { try await newer.requireCurrent() }
            #expect(
                error?.message == "the database has schema 1, this release needs 2: run `stator-conductor migrate`")
            let applied = try await newer.migrate()
            #expect(applied == [second])
        }
    }

    @Test func `a database that is ahead is refused`() async throws {
        try await StoreFixture.run(migrated: false) { [first, second] fixture in
            _ = try await Migrator(fixture.client, logger: StoreFixture.quietLogger, migrations: [first, second])
                .migrate()
            let older = Migrator(fixture.client, logger: StoreFixture.quietLogger, migrations: [first])
            for attempt in [older.requireCurrent, { _ = try await older.migrate() }] as [() async throws -> Void] {
                let error = await storeError(attempt)
                #expect(error?.code == .schemaMismatch)
                #expect(
                    error?.message
                        == "the database has schema 2, this release knows 1: upgrade this conductor first")
            }
        }
    }

    @Test func `a migration that was applied in another form is refused`() async throws {
        try await StoreFixture.run(migrated: false) { [first] fixture in
            _ = try await Migrator(fixture.client, logger: StoreFixture.quietLogger, migrations: [first]).migrate()
            var changed = first
            changed.sql += "; CREATE TABLE c (x int)"
            let other = Migrator(fixture.client, logger: StoreFixture.quietLogger, migrations: [changed])
            let error = await storeError { try await other.requireCurrent() }
            #expect(error?.code == .schemaMismatch)
            #expect(error?.message.contains("migration 1 (first)") == true)
        }
    }

    @Test func `conductors that migrate at once apply each migration once`() async throws {
        try await StoreFixture.run(migrated: false) { [first, second] fixture in
            let applied = try await withThrowingTaskGroup(of: [Migration].self) { group in
                for _ in 0..<5 {
                    group.addTask {
                        try await Migrator(
                            fixture.client, logger: StoreFixture.quietLogger, migrations: [first, second]
                        ).migrate()
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.map(\.version).sorted() == [1, 2])
        }
    }

    @Test func `a migration that fails leaves nothing of itself`() async throws {
        try await StoreFixture.run(migrated: false) { [first] fixture in
            let broken = Migration(version: 2, name: "broken", sql: "CREATE TABLE c (x int); SELECT 1/0")
            let migrator = Migrator(fixture.client, logger: StoreFixture.quietLogger, migrations: [first, broken])
            let error = await storeError { _ = try await migrator.migrate() }
            #expect(error?.cause?.sqlState == "22012")
            let row = try await fixture.client.query("SELECT to_regclass('c') IS NULL AS gone").first
            #expect(try row?.bool("gone") == true)
            try await Migrator(fixture.client, logger: StoreFixture.quietLogger, migrations: [first]).requireCurrent()
        }
    }
}
