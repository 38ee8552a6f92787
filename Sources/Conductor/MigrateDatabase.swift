package import Logging
internal import ComputeObjects
internal import Postgres
internal import StatorReactor

/// What is to be done with the database's schema.
package enum MigrationAction: Sendable, Equatable {
    /// What is safe while the release before serves: expand, then online without a limit.
    case migrate
    case expand
    /// - Parameters:
    ///   - batchesMax: Nil: until nothing is left.
    ///   - pause: After each batch.
    case online(batchSize: Int, batchesMax: Int?, pause: Duration)
    case contract
    /// Only tells what there is and what is missing.
    case showStatus
}

/// How a migration ended, as an exit status.
package enum MigrationOutcome: Int32, Sendable {
    case done = 0
    /// Rows are left to move, or the old form is still needed: the same is to be run again later.
    case moreToDo = 1
    /// An error, which is logged.
    case failed = 2
}

/// Does one thing with the database's schema; prints a line for each thing that it has done or found.
@concurrent
package func migrateDatabase(
    _ connectionString: String, action: MigrationAction, logger: Logger,
    print: @escaping @Sendable (String) -> Void = { _ in }
) async -> MigrationOutcome {
    do {
        return try await migrate(connectionString, action, logger, print)
    } catch {
        logger.error("migration failed", metadata: ["error": "\(error)"])
        return .failed
    }
}

@concurrent
private func migrate(
    _ connectionString: String, _ action: MigrationAction, _ logger: Logger,
    _ print: @escaping @Sendable (String) -> Void
) async throws -> MigrationOutcome {
    let loop = try EventLoop(label: "migrate")
    try loop.start()
    defer {
        loop.stop()
        loop.join()
    }
    let client = try PostgresClient(
        PostgresConfiguration(
            connectionString: connectionString, connectionCount: 2, applicationName: "stator-conductor/migrate"),
        loop: loop, logger: logger)
    return try await withThrowingTaskGroup(of: MigrationOutcome?.self) { group in
        group.addTask(executorPreference: loop) {
            await client.run()
            return nil
        }
        group.addTask(executorPreference: loop) {
            defer { client.shutdown() }
            return try await action.perform(by: Migrator(client, logger: logger), print: print)
        }
        var outcome = MigrationOutcome.done
        for try await result in group {
            if let result { outcome = result }
        }
        return outcome
    }
}

extension MigrationAction {
    /// Against a database that is open already.
    package func perform(
        by migrator: Migrator, print: (String) -> Void
    ) async throws(StoreError) -> MigrationOutcome {
        switch self {
        case .migrate:
            let expanded = try await expand(migrator, print)
            let moved = try await online(migrator, Migrator.batchSizeDefault, nil, .zero, print)
            if !expanded, moved == .nothing {
                print("nothing to do: the schema has what release \(Release.current) needs")
            }
            return moved == .moreToDo ? .moreToDo : .done
        case .expand:
            if try await !expand(migrator, print) { print("nothing to expand") }
            return .done
        case .online(let batchSize, let batchesMax, let pause):
            let moved = try await online(migrator, batchSize, batchesMax, pause, print)
            if moved == .nothing { print("nothing to move") }
            return moved == .moreToDo ? .moreToDo : .done
        case .contract:
            return try await contract(migrator, print)
        case .showStatus:
            return try await showStatus(migrator, print)
        }
    }

    private enum Moved { case nothing, all, moreToDo }

    private func expand(_ migrator: Migrator, _ print: (String) -> Void) async throws(StoreError) -> Bool {
        let applied = try await migrator.expand()
        for migration in applied { print("applied \(migration.version) \(migration.name) (expand)") }
        return !applied.isEmpty
    }

    private func online(
        _ migrator: Migrator, _ batchSize: Int, _ batchesMax: Int?, _ pause: Duration, _ print: (String) -> Void
    ) async throws(StoreError) -> Moved {
        var hasMoved = false
        let outcome = try await migrator.moveOnline(batchSize: batchSize, batchesMax: batchesMax, pause: pause) {
            step in
            hasMoved = true
            let counts = "\(step.rowsDone ?? 0) of \(step.rowsTotal ?? 0) rows"
            print("\(step.state == .done ? "moved" : "moving") \(step.version) \(step.name) (online): \(counts)")
        }
        guard outcome == .complete else {
            print("rows are left to move: run it again")
            return .moreToDo
        }
        return hasMoved ? .all : .nothing
    }

    private func contract(
        _ migrator: Migrator, _ print: (String) -> Void
    ) async throws(StoreError) -> MigrationOutcome {
        switch try await migrator.contract() {
        case .applied(let migrations):
            if migrations.isEmpty { print("nothing to contract") }
            for migration in migrations { print("applied \(migration.version) \(migration.name) (contract)") }
            return .done
        case .refused(let reasons):
            print("not contracted, since the old form is still needed:")
            for reason in reasons { print("  \(reason)") }
            return .moreToDo
        }
    }

    private func showStatus(
        _ migrator: Migrator, _ print: (String) -> Void
    ) async throws(StoreError) -> MigrationOutcome {
        let status = try await migrator.status()
        for step in status.migrations {
            var line = "\(step.state.rawValue) \(step.version) \(step.name) (\(step.phase.rawValue))"
            if let done = step.rowsDone, let total = step.rowsTotal { line += ": \(done) of \(total) rows" }
            if !step.isKnown { line += ", of a newer release" }
            print(line)
        }
        print("works with service version \(max(status.oldestServiceVersion, 1)) and later")
        return status.migrations.contains { $0.state != .done } ? .moreToDo : .done
    }
}
