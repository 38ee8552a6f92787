package import Postgres

/// Why the store refused or could not do what it was asked, in a sentence.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// No such record, or it is deleted.
        case notFound
        /// A name that several records bear.
        case ambiguousName
        /// A unique name or uuid is taken.
        case alreadyExists
        /// The idempotency key was used before, for another request.
        case idempotencyKeyReused
        /// Another writer was first; read again and decide anew.
        case lostRace(MovedField)
        /// The host has not that much left.
        case insufficientCapacity
        /// The host has since been attached anew (here or elsewhere), or a newer boot epoch of it has.
        case fenced
        /// A host's uuid and name do not belong together.
        case identityMismatch
        /// A report's sequence number is not the next one.
        case reportGap
        /// A value that the store cannot hold.
        case invalidArgument
        /// The schema is older or newer than this release can serve.
        case schemaMismatch
        /// The transaction lost a lock to others (deadlock, lock timeout); doing it again may succeed.
        case contention
        /// The database cannot be reached, or did not answer in time; nothing was changed.
        case unavailable
        /// The connection was lost while the commit was under way: it may or may not have happened.
        case outcomeUnknown
        /// What the database said makes no sense here: a defect.
        case `internal`
    }

    /// What another writer changed.
    package enum MovedField: String, Sendable, Hashable {
        case generation
        case vmState = "vm_state"
        case taskState = "task_state"
        case deleted
        case state
        case step
    }

    package var code: Code
    package var message: String
    /// How many records bear the name, when `code` is `.ambiguousName`.
    package var count: Int?
    package var cause: PostgresError?

    package init(_ code: Code, _ message: String, count: Int? = nil, cause: PostgresError? = nil) {
        self.code = code
        self.message = message
        self.count = count
        self.cause = cause
    }

    package var description: String { message }

    /// True when reading again and repeating the whole transaction may succeed.
    package var isRetryable: Bool {
        switch code {
        case .lostRace, .contention: true
        default: false
        }
    }
}
