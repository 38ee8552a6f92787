internal import CLibPQ

/// Owns a `PGresult`; its end frees it.
@safe
struct ResultHandle: ~Copyable {
    private let pointer: OpaquePointer

    enum Kind {
        case rows
        case command
        case failure
        /// COPY and the like, which nothing here asks for.
        case unexpected
    }

    init(taking pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe PQclear(pointer)
    }

    var kind: Kind {
        switch unsafe PQresultStatus(pointer) {
        case PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE: .rows
        case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: .command
        case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_NONFATAL_ERROR: .failure
        default: .unexpected
        }
    }

    var rowCount: Int { Int(unsafe PQntuples(pointer)) }
    var columnCount: Int { Int(unsafe PQnfields(pointer)) }

    /// For example `INSERT 0 1` or `ROLLBACK`.
    var commandTag: String {
        guard let text = unsafe PQcmdStatus(pointer) else { return "" }
        return unsafe String(cString: text)
    }

    func columnName(_ column: Int) -> String {
        guard let name = unsafe PQfname(pointer, CInt(column)) else { return "" }
        return unsafe String(cString: name)
    }

    func columnTypeID(_ column: Int) -> UInt32 {
        unsafe PQftype(pointer, CInt(column))
    }

    /// Lends a reader of a value's bytes to the body; nil: NULL.
    func withValue<R>(row: Int, column: Int, _ body: (BinaryReader?) throws(PostgresError) -> R)
        throws(PostgresError) -> R
    {
        guard unsafe PQgetisnull(pointer, CInt(row), CInt(column)) == 0 else { return try body(nil) }
        let start = unsafe PQgetvalue(pointer, CInt(row), CInt(column))
        let count = unsafe PQgetlength(pointer, CInt(row), CInt(column))
        return try body(unsafe BinaryReader(UnsafeRawBufferPointer(start: start, count: Int(count))))
    }

    /// What the server, or the library in its place, complained of.
    var error: PostgresError {
        let sqlState = field(stator_pq_diagnostic_sqlstate())
        let message = field(stator_pq_diagnostic_message()) ?? libraryMessage
        return PostgresError(
            sqlState == nil ? .connectionLost : .server,
            message,
            sqlState: sqlState,
            detail: field(stator_pq_diagnostic_detail()),
            constraint: field(stator_pq_diagnostic_constraint()))
    }

    private var libraryMessage: String {
        guard let text = unsafe PQresultErrorMessage(pointer) else { return "unknown error" }
        return oneLine(unsafe String(cString: text))
    }

    private func field(_ code: CInt) -> String? {
        guard let text = unsafe PQresultErrorField(pointer, code) else { return nil }
        return unsafe String(cString: text)
    }
}
