/// The rows that a statement returned, in the order in which the server sent them.
package struct PostgresRows: Sendable, RandomAccessCollection {
    private let storage: ResultStorage

    init(_ storage: ResultStorage) {
        self.storage = storage
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { storage.rowCount }

    package subscript(position: Int) -> PostgresRow {
        precondition(indices.contains(position), "no such row")
        return PostgresRow(storage: storage, index: position)
    }

    /// How many rows the statement inserted, updated, deleted or returned.
    package var affectedCount: Int {
        guard let number = storage.commandTag.split(separator: " ").last else { return 0 }
        return Int(number) ?? 0
    }

    var commandTag: String { storage.commandTag }
}

/// One result of the server, shared by the rows that are read from it.
///
/// Unchecked: libpq's functions that read a result change nothing in it, and nothing else has its pointer.
final class ResultStorage: @unchecked Sendable {
    let handle: ResultHandle
    let rowCount: Int
    let commandTag: String
    private let columns: [String: Int]

    init(_ handle: consuming ResultHandle) {
        rowCount = handle.rowCount
        commandTag = handle.commandTag
        var columns: [String: Int] = [:]
        for column in 0..<handle.columnCount {
            columns[handle.columnName(column)] = column
        }
        self.columns = columns
        self.handle = handle
    }

    func column(_ name: String) throws(PostgresError) -> Int {
        guard let column = columns[name] else {
            throw PostgresError(.decoding, "the database's answer has no column \(name)")
        }
        return column
    }
}
