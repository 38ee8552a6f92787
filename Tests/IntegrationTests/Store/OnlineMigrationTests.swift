import Conductor
import Postgres
import Synchronization
import Testing

@Suite("Moving data and contracting")
struct OnlineMigrationTests {
    /// What this release expands; its own online and contracting migrations are none of this suite's.
    private static let base = Migration.all.filter { $0.phase == .expand }
    private static let last = Int32(Migration.all.count)

    /// A column that is split: what a second release would do, with the table `notes` in place of one of ours.
    private static let text = Migration(
        version: last + 1, name: "notes", sql: "CREATE TABLE notes (id int PRIMARY KEY, both_names text)")
    private static let split = Migration(
        version: last + 2, name: "notes_split", sql: "ALTER TABLE notes ADD first_name text, ADD last_name text")
    private static let move = Migration(
        version: last + 3, name: "notes_move", phase: .online,
        work: .batches(
            Migration.Batches(
                statement: """
                    UPDATE notes SET first_name = split_part(both_names, ' ', 1),
                        last_name = split_part(both_names, ' ', 2)
                    WHERE id IN (
                        SELECT id FROM notes WHERE first_name IS NULL AND both_names IS NOT NULL ORDER BY id LIMIT $1
                        FOR NO KEY UPDATE SKIP LOCKED)
                    """,
                remainingCount: "SELECT count(*) FROM notes WHERE first_name IS NULL AND both_names IS NOT NULL")))
    private static let drop = Migration(
        version: last + 4, name: "notes_drop", phase: .contract, sql: "ALTER TABLE notes DROP both_names",
        oldestServiceVersion: 2)

    private static let old = base + [text]
    private static let new = base + [text, split, move, drop]

    private static func migrator(_ fixture: StoreFixture, _ migrations: [Migration] = new) -> Migrator {
        Migrator(fixture.client, logger: StoreFixture.quietLogger, migrations: migrations)
    }

    /// A database of the old release with so many rows in the old form.
    private static func run(
        rows: Int = 25, _ body: @escaping @Sendable (StoreFixture) async throws -> Void
    ) async throws {
        try await StoreFixture.run(migrated: false) { fixture in
            _ = try await migrator(fixture, old).migrate()
            _ = try await fixture.client.query(
                "INSERT INTO notes SELECT n, 'ada no' || n FROM generate_series(1, \(rows)) AS n")
            try await body(fixture)
        }
    }

    private static func count(_ fixture: StoreFixture, _ condition: String) async throws -> Int64? {
        try await fixture.client.query("SELECT count(*) AS n FROM notes WHERE \(condition)").first?.int8("n")
    }

    @Test func `the phases are pending in order, and expanding leaves data and the old form as they are`() async throws
    {
        try await Self.run { fixture in
            let expanded = try await Self.migrator(fixture).expand()
            #expect(expanded == [Self.split])
            let status = try await Self.migrator(fixture).status()
            #expect(status.pending(.expand) == [])
            #expect(status.pending(.online).map(\.name) == ["notes_move"])
            #expect(status.pending(.contract).map(\.name) == ["notes_drop"])
            let unmoved = try await Self.count(fixture, "both_names IS NOT NULL AND first_name IS NULL")
            #expect(unmoved == 25)
            try await Self.migrator(fixture, Self.old).requireServable(serviceVersion: 1)
            try await Self.migrator(fixture).requireServable(serviceVersion: 2)
        }
    }

    @Test func `data moves in batches, stops between any two and goes on where it was`() async throws {
        try await Self.run { fixture in
            _ = try await Self.migrator(fixture).expand()
            let seen = Mutex<[MigrationProgress]>([])
            let outcome = try await Self.migrator(fixture).moveOnline(batchSize: 10, batchesMax: 2) { progress in
                seen.withLock { $0.append(progress) }
            }
            #expect(outcome == .moreToDo)
            #expect(seen.withLock { $0.map(\.rowsDone) } == [10, 20])
            #expect(seen.withLock { $0.map(\.rowsTotal) } == [25, 25])
            let between = try await Self.migrator(fixture).status().pending(.online)
            #expect(between.map(\.state) == [.running])
            let movedCount = try await Self.count(fixture, "first_name = 'ada'")
            #expect(movedCount == 20)

            // Another process, which knows nothing of the first.
            let rest = try await Self.migrator(fixture).moveOnline(batchSize: 10)
            #expect(rest == .complete)
            let allCount = try await Self.count(fixture, "first_name = 'ada' AND last_name = 'no' || id")
            #expect(allCount == 25)
            let status = try await Self.migrator(fixture).status()
            #expect(status.pending(.online) == [])
            #expect(status.migrations.first { $0.name == "notes_move" }?.rowsDone == 25)
            let again = try await Self.migrator(fixture).moveOnline(batchSize: 10)
            #expect(again == .complete)
        }
    }

    @Test func `data does not move before the schema is expanded`() async throws {
        try await Self.run { fixture in
            let error = await storeError { _ = try await Self.migrator(fixture).moveOnline() }
            #expect(error?.code == .schemaMismatch)
            #expect(error?.message.contains("stator-conductor migrate --expand") == true)
        }
    }

    @Test func `contracting waits for rows in the old form, also such as came after the data was moved`() async throws {
        try await Self.run { fixture in
            let migrator = Self.migrator(fixture)
            let unexpanded = try await migrator.contract()
            #expect(
                unexpanded
                    == .refused([
                        "migration \(Self.last + 2) (notes_split) is not applied: run `stator-conductor migrate --expand`"
                    ]))
            _ = try await migrator.migrate()
            // An older conductor that still serves.
            _ = try await fixture.client.query("INSERT INTO notes VALUES (100, 'grace late')")
            let unmovedRow = try await migrator.contract()
            #expect(
                unmovedRow
                    == .refused([
                        "migration \(Self.last + 3) (notes_move) has 1 rows left to move: run `stator-conductor migrate --online`"
                    ]))
            _ = try await migrator.moveOnline()
            let contracted = try await migrator.contract()
            #expect(contracted == .applied([Self.drop]))
            let lateCount = try await Self.count(fixture, "first_name = 'grace'")
            #expect(lateCount == 1)
            let again = try await migrator.contract()
            #expect(again == .applied([]))
            // What was moved can't be counted any more, and nobody tries.
            let moved = try await migrator.moveOnline()
            #expect(moved == .complete)
        }
    }

    @Test func `contracting waits for everyone who is too old and up, or was a moment ago, and names them`()
        async throws
    {
        try await Self.run { fixture in
            let migrator = Self.migrator(fixture)
            _ = try await migrator.migrate()
            let services = fixture.store.services
            let conductor = try await services.register(
                binary: "stator-conductor", name: "c1", release: "0.1.0", version: 1, address: nil,
                lease: .seconds(60))
            try await fixture.registerHost(name: "h1")
            let takes =
                " needs what migration \(Self.last + 4) (notes_drop) takes away; it is for service version 2 and later"
            let host = "stator-compute 'h1' (release 0.1.0, service version 1)" + takes
            let c1 = "stator-conductor 'c1' (release 0.1.0, service version 1)"
            let refusedBoth = try await migrator.contract()
            #expect(refusedBoth == .refused([host, c1 + takes]))
            try await services.withdraw(conductor.uuid)
            let gone = try await migrator.contract()
            #expect(
                gone
                    == .refused([host, c1 + ", which went away less than 600 s ago," + takes]))
            let refusedHost = try await migrator.contract(goneAfter: .zero)
            #expect(refusedHost == .refused([host]))
            _ = try await fixture.client.query("UPDATE hosts SET service_version = 2")
            let contracted = try await migrator.contract(goneAfter: .zero)
            #expect(contracted == .applied([Self.drop]))
        }
    }

    @Test func `a release that the schema was contracted past is refused with the one that is needed`() async throws {
        try await Self.run { fixture in
            _ = try await Self.migrator(fixture).migrate()
            try await Self.migrator(fixture, Self.old).requireServable(serviceVersion: 1)
            let contracted = try await Self.migrator(fixture).contract()
            #expect(contracted == .applied([Self.drop]))
            try await Self.migrator(fixture).requireServable(serviceVersion: 2)
            let error = await storeError {
                try await Self.migrator(fixture, Self.old).requireServable(serviceVersion: 1)
            }
            #expect(error?.code == .schemaMismatch)
            #expect(
                error?.message.hasPrefix(
                    "the database has been contracted for releases of service version 2 and later (migration \(Self.last + 4) "
                        + "notes_drop); this conductor of release ") == true)
            #expect(error?.message.hasSuffix("has service version 1: upgrade it") == true)
        }
    }

    @Test func `each action prints what it did and ends with 0 or 1`() async throws {
        try await Self.run { fixture in
            let migrator = Self.migrator(fixture)
            let lines = Mutex<[String]>([])
            func outcome(of action: MigrationAction) async throws -> MigrationOutcome {
                lines.withLock { $0 = [] }
                return try await action.perform(by: migrator) { line in lines.withLock { $0.append(line) } }
            }
            let shown = try await outcome(of: .showStatus)
            #expect(shown == .moreToDo)
            #expect(
                lines.withLock { Array($0.dropFirst(Self.base.count)) } == [
                    "done \(Self.last + 1) notes (expand)", "pending \(Self.last + 2) notes_split (expand)",
                    "pending \(Self.last + 3) notes_move (online)", "pending \(Self.last + 4) notes_drop (contract)",
                    "works with service version 1 and later",
                ])
            let expanded = try await outcome(of: .expand)
            #expect(expanded == .done)
            #expect(lines.withLock(\.self) == ["applied \(Self.last + 2) notes_split (expand)"])
            let partly = try await outcome(of: .online(batchSize: 20, batchesMax: 1, pause: .zero))
            #expect(partly == .moreToDo)
            #expect(
                lines.withLock(\.self) == [
                    "moving \(Self.last + 3) notes_move (online): 20 of 25 rows", "rows are left to move: run it again",
                ])
            let contractedEarly = try await outcome(of: .contract)
            #expect(contractedEarly == .moreToDo)
            #expect(lines.withLock { $0.first } == "not contracted, since the old form is still needed:")
            let migrated = try await outcome(of: .migrate)
            #expect(migrated == .done)
            #expect(lines.withLock { $0.last } == "moved \(Self.last + 3) notes_move (online): 25 of 25 rows")
            let contracted = try await outcome(of: .contract)
            #expect(contracted == .done)
            #expect(lines.withLock(\.self) == ["applied \(Self.last + 4) notes_drop (contract)"])
            let shownAtEnd = try await outcome(of: .showStatus)
            #expect(shownAtEnd == .done)
            #expect(lines.withLock { $0.last } == "works with service version 2 and later")
        }
    }
}
