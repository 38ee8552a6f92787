internal import ComputeMessages
internal import Postgres
internal import StatorObjects

/// What the stores run their statements on; speaks in `StoreError`.
struct StoreSession: Sendable {
    private let executor: any PostgresExecutor

    init(_ executor: any PostgresExecutor) {
        self.executor = executor
    }

    /// Runs a statement and decodes each row.
    func rows<Record>(
        _ sql: String,
        _ parameters: [PostgresValue] = [],
        _ decode: (StoredRow) throws(StoreError) -> Record
    ) async throws(StoreError) -> [Record] {
        let rows: PostgresRows
        do throws(PostgresError) {
            rows = try await executor.query(sql, parameters)
        } catch {
            throw StoreError(error)
        }
        var records: [Record] = []
        records.reserveCapacity(rows.count)
        for row in rows {
            records.append(try decode(StoredRow(row)))
        }
        return records
    }

    /// Runs a statement that returns one row at most.
    func row<Record>(
        _ sql: String,
        _ parameters: [PostgresValue] = [],
        _ decode: (StoredRow) throws(StoreError) -> Record
    ) async throws(StoreError) -> Record? {
        try await rows(sql, parameters, decode).first
    }

    /// Runs a statement for what it does; returns how many rows it did it to.
    @discardableResult
    func execute(_ sql: String, _ parameters: [PostgresValue] = []) async throws(StoreError) -> Int {
        do throws(PostgresError) {
            return try await executor.query(sql, parameters).affectedCount
        } catch {
            throw StoreError(error)
        }
    }

    /// Runs several statements without parameters in one text; in a transaction only.
    func script(_ sql: String) async throws(StoreError) {
        guard let transaction = executor as? PostgresTransaction else {
            throw StoreError(.internal, "a script is run outside of a transaction")
        }
        do throws(PostgresError) {
            try await transaction.execute(sql)
        } catch {
            throw StoreError(error)
        }
    }
}

extension StoreError {
    /// What an error of the database means to who uses the store.
    init(_ error: PostgresError) {
        let code: Code
        if error.outcomeUnknown {
            code = .outcomeUnknown
        } else {
            switch error.code {
            case .connectionLost, .timeout, .poolExhausted, .shutdown, .cancelled: code = .unavailable
            case .invalidParameter: code = .invalidArgument
            case .configuration, .decoding, .misuse, .transactionAborted: code = .internal
            case .server: code = Self.code(sqlState: error.sqlState ?? "")
            }
        }
        self.init(code, Self.sentence(code, error), cause: error)
    }

    private static func code(sqlState: String) -> Code {
        switch sqlState {
        case SQLState.serializationFailure, SQLState.deadlockDetected, SQLState.lockNotAvailable: .contention
        case SQLState.undefinedTable: .schemaMismatch
        case SQLState.uniqueViolation: .alreadyExists
        // A statement that took too long, a server that shuts down or has no connection left.
        case SQLState.queryCanceled: .unavailable
        case _ where sqlState.hasPrefix("57P") || sqlState.hasPrefix("53"): .unavailable
        // A standby that has not been promoted yet.
        case "25006": .unavailable
        default: .internal
        }
    }

    private static func sentence(_ code: Code, _ error: PostgresError) -> String {
        switch code {
        case .unavailable: "the database does not serve just now: \(error.message)"
        case .outcomeUnknown:
            "the database was lost while it committed, so the change may or may not have been made: \(error.message)"
        case .schemaMismatch: "the database has not this release's schema; run `stator-conductor migrate`"
        default: error.description
        }
    }
}
