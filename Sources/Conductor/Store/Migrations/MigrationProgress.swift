/// A step of the schema's history and how far it has come.
package struct MigrationProgress: Sendable, Equatable {
    package enum State: String, Sendable {
        case pending
        /// An online one of which a part is done.
        case running
        case done
    }

    package var version: Int32
    package var name: String
    package var phase: Migration.Phase
    package var state: State
    package var oldestServiceVersion: UInt32
    /// Of an online one: rows that are moved, and rows that there were to move when it was last counted.
    package var rowsDone: UInt64?
    package var rowsTotal: UInt64?
    /// False when another release has applied it and this one does not know it.
    package var isKnown: Bool
}

/// Where a database stands.
package struct SchemaStatus: Sendable, Equatable {
    /// Those of this release and those that a newer one has applied, by version.
    package var migrations: [MigrationProgress]
    /// The oldest service version that works with the database as it is.
    package var oldestServiceVersion: UInt32

    package func pending(_ phase: Migration.Phase) -> [MigrationProgress] {
        migrations.filter { $0.phase == phase && $0.state != .done }
    }

    /// Whether what a migration moved rows from may have been taken away: it can't be counted any more, nor needs to be.
    func isContracted(after migration: Migration) -> Bool {
        migrations.contains { $0.phase == .contract && $0.state == .done && $0.version > migration.version }
    }
}

/// How a run of online migrations ended.
package enum OnlineOutcome: Sendable, Equatable {
    /// Nothing is left to move.
    case complete
    /// As many batches as were asked for are done, and rows are left.
    case moreToDo
}

/// How an attempt to contract ended.
package enum ContractOutcome: Sendable, Equatable {
    /// These are done now; none: nothing was left to contract.
    case applied([Migration])
    /// The old form is still needed: a sentence for each reason.
    case refused([String])
}
