/// What went wrong with the database, in its own words where it said something.
package struct PostgresError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The server refused the statement; `sqlState` says why.
        case server
        /// The connection broke, or none could be made.
        case connectionLost
        /// No answer, or no free connection, in time.
        case timeout
        /// As many callers wait for a connection as may.
        case poolExhausted
        /// The client has been shut down.
        case shutdown
        /// The calling task was cancelled.
        case cancelled
        /// A parameter cannot be sent, for example a text with a NUL.
        case invalidParameter
        /// A value is not of the type that it was read as.
        case decoding
        /// The transaction had failed before, so its COMMIT rolled it back.
        case transactionAborted
        /// A defect of the caller: two statements at once in a transaction, a transaction used after its end.
        case misuse
        /// The connection string is not one.
        case configuration
    }

    package var code: Code
    package var message: String
    /// Five characters of the SQL standard, when the server spoke.
    package var sqlState: String?
    package var detail: String?
    /// The constraint that was violated.
    package var constraint: String?
    /// True when the connection was lost while a commit, or a statement that commits by itself, was under way: the
    /// database may or may not have done it.
    package var outcomeUnknown: Bool

    package init(
        _ code: Code,
        _ message: String,
        sqlState: String? = nil,
        detail: String? = nil,
        constraint: String? = nil,
        outcomeUnknown: Bool = false
    ) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
        self.detail = detail
        self.constraint = constraint
        self.outcomeUnknown = outcomeUnknown
    }

    package var description: String {
        var text = message
        if let sqlState {
            text += " (SQLSTATE \(sqlState))"
        }
        if let detail {
            text += ": \(detail)"
        }
        return text
    }

    func withOutcomeUnknown(_ unknown: Bool) -> PostgresError {
        var error = self
        error.outcomeUnknown = unknown
        return error
    }
}

/// The SQLSTATEs that callers decide by.
package enum SQLState {
    package static let uniqueViolation = "23505"
    package static let foreignKeyViolation = "23503"
    package static let checkViolation = "23514"
    package static let serializationFailure = "40001"
    package static let deadlockDetected = "40P01"
    package static let lockNotAvailable = "55P03"
    package static let queryCanceled = "57014"
    package static let undefinedTable = "42P01"

    /// The statement was prepared before the schema changed.
    static let featureNotSupported = "0A000"
    static let invalidStatementName = "26000"
}
