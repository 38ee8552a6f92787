internal import CLibPQ

/// Owns a `PGconn`; its end closes the session.
@safe
struct ConnectionHandle: ~Copyable {
    private let pointer: OpaquePointer

    /// Begins to connect; nil only when memory is short.
    static func start(_ parameters: ConnectionParameters) -> ConnectionHandle? {
        let pointer = unsafe parameters.withKeywordsAndValues { keywords, values in
            unsafe PQconnectStartParams(keywords, values, 0)
        }
        guard let pointer = unsafe pointer else { return nil }
        unsafe stator_pq_silence_notices(pointer)
        return unsafe ConnectionHandle(pointer: pointer)
    }

    private init(pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe PQfinish(pointer)
    }

    /// -1 when there is none.
    var descriptor: CInt { unsafe PQsocket(pointer) }

    var isBad: Bool { unsafe PQstatus(pointer) == CONNECTION_BAD }

    /// The library's last complaint, on one line.
    var errorMessage: String {
        guard let text = unsafe PQerrorMessage(pointer) else { return "unknown error" }
        return oneLine(unsafe String(cString: text))
    }

    var backendProcessID: CInt { unsafe PQbackendPID(pointer) }

    func consumeInput() -> Bool {
        unsafe PQconsumeInput(pointer) == 1
    }

    /// Does the next step of connecting, once what the last one asked for has happened.
    func poll() -> ConnectProgress {
        switch unsafe PQconnectPoll(pointer) {
        case PGRES_POLLING_READING: .needsReading
        case PGRES_POLLING_WRITING: .needsWriting
        case PGRES_POLLING_OK: unsafe PQsetnonblocking(pointer, 1) == 0 ? .complete : .failed
        default: .failed
        }
    }

    /// Hands a request to libpq, which keeps what the socket does not take; false: refused.
    func send(_ request: StatementRequest) -> Bool {
        switch request {
        case .simple(let sql):
            return unsafe PQsendQuery(pointer, sql) == 1
        case .prepare(let name, let sql, let typeIDs):
            return unsafe typeIDs.withUnsafeBufferPointer { typeIDs in
                unsafe PQsendPrepare(pointer, name, sql, CInt(typeIDs.count), typeIDs.baseAddress) == 1
            }
        case .execute(let name, let parameters):
            return unsafe parameters.withPointers { count, values, lengths, formats in
                unsafe PQsendQueryPrepared(pointer, name, count, values, lengths, formats, 1) == 1
            }
        }
    }

    func flush() -> FlushProgress {
        switch unsafe PQflush(pointer) {
        case 0: .complete
        case 1: .needsWriting
        default: .failed
        }
    }

    var isBusy: Bool { unsafe PQisBusy(pointer) == 1 }

    /// The next result of the statement under way; nil: it has no more. Only when not busy, or it would wait.
    func nextResult() -> ResultHandle? {
        guard let result = unsafe PQgetResult(pointer) else { return nil }
        return unsafe ResultHandle(taking: result)
    }

    func nextNotification() -> PostgresNotification? {
        guard let notification = unsafe PQnotifies(pointer) else { return nil }
        defer { unsafe PQfreemem(notification) }
        return unsafe PostgresNotification(
            channel: String(cString: notification.pointee.relname),
            payload: String(cString: notification.pointee.extra))
    }
}

enum ConnectProgress {
    case needsReading
    case needsWriting
    case complete
    case failed
}

enum FlushProgress {
    case complete
    case needsWriting
    case failed
}

/// What is asked of the server in one exchange.
enum StatementRequest {
    /// By the simple protocol: any number of statements in one text, without parameters.
    case simple(String)
    case prepare(name: String, sql: String, typeIDs: [UInt32])
    case execute(name: String, ParameterEncoding)
}

/// libpq's messages end with a line break, and some have several lines.
func oneLine(_ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
    return lines.map { line in
        line.drop { $0 == " " || $0 == "\t" }
    }.joined(separator: "; ")
}
