internal import Logging

// Moving data, batch by batch.
extension Migrator {
    package static let batchSizeDefault = 1000

    /// Moves rows to their new form, each batch a transaction of its own, in the order of the migrations.
    ///
    /// May be stopped at any moment and run again: what is moved stays moved, and what is left is found from the data.
    /// An older release that still serves may write rows in the old form behind it: `contract` counts again.
    ///
    /// - Parameters:
    ///   - batchSize: Rows in one transaction; 1 at least.
    ///   - batchesMax: How many batches to do in this run; nil: until nothing is left.
    ///   - pause: Between two batches, so that others get their turn.
    ///   - report: Told of each step's progress after each batch.
    package func moveOnline(
        batchSize: Int = batchSizeDefault, batchesMax: Int? = nil, pause: Duration = .zero,
        report: (MigrationProgress) -> Void = { _ in }
    ) async throws(StoreError) -> OnlineOutcome {
        guard batchSize > 0 else { throw StoreError(.invalidArgument, "a batch has one row at least") }
        try await requireExpanded()
        var batchesLeft = batchesMax ?? .max
        let before = try await status()
        for migration in migrations {
            guard case .batches(let batches) = migration.work, !before.isContracted(after: migration) else { continue }
            var isComplete = false
            while !isComplete {
                let current = try await status().migrations.first { $0.version == migration.version }
                let remaining = try await remaining(batches, of: migration)
                if remaining == 0 {
                    if current?.state != .done { try await complete(migration, report) }
                    isComplete = true
                    continue
                }
                guard batchesLeft > 0 else { return .moreToDo }
                batchesLeft -= 1
                report(try await move(batches, of: migration, batchSize: batchSize))
                if pause > .zero { try? await Task.sleep(for: pause) }
                if Task.isCancelled { return .moreToDo }
            }
        }
        return .complete
    }

    /// How many rows are still in the old form.
    func remaining(_ batches: Migration.Batches, of migration: Migration) async throws(StoreError) -> UInt64 {
        try await remaining(batches, of: migration, StoreSession(client))
    }

    func remaining(
        _ batches: Migration.Batches, of migration: Migration, _ session: StoreSession
    ) async throws(StoreError) -> UInt64 {
        let count = try await session.row("SELECT remaining FROM (\(batches.remainingCount)) AS counted (remaining)") {
            row throws(StoreError) -> UInt64 in try row.unsigned("remaining")
        }
        guard let count else {
            throw StoreError(.internal, "migration \(migration.version) (\(migration.name)) counts nothing")
        }
        return count
    }

    private func requireExpanded() async throws(StoreError) {
        guard let missing = try await status().pending(.expand).first else { return }
        throw StoreError(
            .schemaMismatch,
            "migration \(missing.version) (\(missing.name)) is to be applied first: run `stator-conductor migrate "
                + "--expand`")
    }

    private func move(
        _ batches: Migration.Batches, of migration: Migration, batchSize: Int
    ) async throws(StoreError) -> MigrationProgress {
        let progress = try await exclusively { session throws(StoreError) in
            let moved = try await session.execute(batches.statement, [.number(batchSize)])
            let remaining = try await remaining(batches, of: migration, session)
            guard moved > 0 || remaining == 0 else {
                throw StoreError(
                    .contention, "migration \(migration.version) (\(migration.name)) moved none of \(remaining) rows")
            }
            return try await MigrationHistory(session: session).advance(
                migration.version, moved: moved, remaining: remaining)
        }
        return MigrationProgress(migration, state: .running, progress)
    }

    private func complete(
        _ migration: Migration, _ report: (MigrationProgress) -> Void
    ) async throws(StoreError) {
        let progress = try await exclusively { session throws(StoreError) in
            let history = MigrationHistory(session: session)
            try await history.record(migration)
            return try await history.advance(migration.version, moved: 0, remaining: 0)
        }
        note(migration)
        report(MigrationProgress(migration, state: .done, progress))
    }
}

extension MigrationProgress {
    fileprivate init(_ migration: Migration, state: State, _ progress: MigrationHistory.Progress) {
        self.init(
            version: migration.version, name: migration.name, phase: migration.phase, state: state,
            oldestServiceVersion: migration.oldestServiceVersion, rowsDone: progress.rowsDone,
            rowsTotal: progress.rowsTotal, isKnown: true)
    }
}
