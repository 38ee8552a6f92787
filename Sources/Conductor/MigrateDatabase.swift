package import Logging
internal import Postgres
internal import StatorReactor

/// What is to be done with the database's schema.
package enum MigrationAction: Sendable {
    case migrate
    /// Only tells what there is and what is missing.
    case showStatus
}

/// Brings the database to this release's schema; returns a line for each migration, to be printed.
@concurrent
package func migrateDatabase(
    _ connectionString: String, action: MigrationAction, logger: Logger
) async throws -> [String] {
    let loop = try EventLoop(label: "migrate")
    try loop.start()
    defer {
        loop.stop()
        loop.join()
    }
    let client = try PostgresClient(
        PostgresConfiguration(
            connectionString: connectionString, connectionCount: 1, applicationName: "stator-conductor/migrate"),
        loop: loop, logger: logger)
    return try await withThrowingTaskGroup(of: [String]?.self) { group in
        group.addTask(executorPreference: loop) {
            await client.run()
            return nil
        }
        group.addTask(executorPreference: loop) {
            defer { client.shutdown() }
            return try await action.perform(by: Migrator(client, logger: logger))
        }
        var lines: [String] = []
        for try await result in group {
            if let result { lines = result }
        }
        return lines
    }
}

extension MigrationAction {
    fileprivate func perform(by migrator: Migrator) async throws(StoreError) -> [String] {
        switch self {
        case .migrate:
            let applied = try await migrator.migrate()
            return applied.isEmpty
                ? ["nothing to do: the schema is this release's"] : applied.map { "applied \($0.title)" }
        case .showStatus:
            let pending = Set(try await migrator.pending().map(\.version))
            return Migration.all.map { "\(pending.contains($0.version) ? "pending" : "applied") \($0.title)" }
        }
    }
}

extension Migration {
    fileprivate var title: String { "\(version) \(name)" }
}
