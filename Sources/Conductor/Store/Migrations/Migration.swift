/// One step of the schema's history. Once released it is never changed: what has to change comes as a new step.
package struct Migration: Sendable, Equatable {
    /// When in an upgrade a step is taken.
    package enum Phase: String, Sendable, CaseIterable {
        /// Adds what a new release needs. Before the first conductor of that release; the release before it serves on.
        case expand
        /// Moves data to its new place while conductors of both releases serve.
        case online
        /// Takes away what only older releases need, when none of them is left.
        case contract
    }

    /// What is done.
    package enum Work: Sendable, Equatable {
        /// Statements of one transaction.
        case statements(String)
        /// A part of the work after the other, each in a transaction of its own.
        case batches(Batches)
    }

    /// Work in parts. What is left is found from the data itself, so it may stop after any part and go on later.
    package struct Batches: Sendable, Equatable {
        /// Moves at most `$1` rows (bigint) that are not moved yet; its count of affected rows says how many it moved.
        package var statement: String
        /// One row with one bigint: how many rows are not moved yet.
        package var remainingCount: String

        package init(statement: String, remainingCount: String) {
            self.statement = statement
            self.remainingCount = remainingCount
        }
    }

    /// 1, 2, 3, … without gaps, over all phases.
    package var version: Int32
    package var name: String
    package var phase: Phase
    package var work: Work
    /// The oldest release, as a service version, that works with the database once this is done. Those that expand and
    /// those that move data leave it where it was; a contracting one raises it.
    package var oldestServiceVersion: UInt32

    /// - Parameter oldestServiceVersion: 1 where nothing is raised.
    package init(
        version: Int32, name: String, phase: Phase = .expand, work: Work, oldestServiceVersion: UInt32 = 1
    ) {
        self.version = version
        self.name = name
        self.phase = phase
        self.work = work
        self.oldestServiceVersion = oldestServiceVersion
    }

    /// An expanding or contracting one.
    package init(
        version: Int32, name: String, phase: Phase = .expand, sql: String, oldestServiceVersion: UInt32 = 1
    ) {
        self.init(
            version: version, name: name, phase: phase, work: .statements(sql),
            oldestServiceVersion: oldestServiceVersion)
    }

    /// All of them, in order.
    package static let all: [Migration] = [
        Migration(version: 1, name: "initial", phase: .expand, sql: initialSchema),
        // Release 0.2
        Migration(version: 2, name: "host accelerators", phase: .expand, sql: hostAcceleratorsExpand),
        Migration(version: 3, name: "host accelerators", phase: .online, work: .batches(hostAcceleratorsBatches)),
        Migration(
            version: 4, name: "host accelerators", phase: .contract, sql: hostAcceleratorsContract,
            oldestServiceVersion: 2),
    ]

    /// What a checksum is made of: another text is another migration.
    var text: String {
        switch work {
        case .statements(let sql): sql
        case .batches(let batches): batches.statement + "\n" + batches.remainingCount
        }
    }
}
