internal import CLibPQ

/// A connection string as libpq reads it: keywords and values.
package struct ConnectionParameters: Sendable, Equatable {
    package private(set) var values: [String: String] = [:]

    /// Takes both forms, `key=value …` and `postgresql://…`.
    package init(parsing text: String) throws(PostgresError) {
        guard !text.utf8.contains(0) else {
            throw PostgresError(.configuration, "the database's connection string contains a NUL")
        }
        var complaint: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(text, &complaint) else {
            let reason = unsafe complaint.map { oneLine(unsafe String(cString: $0)) } ?? "unreadable"
            unsafe PQfreemem(complaint)
            throw PostgresError(.configuration, "the database's connection string: \(reason)")
        }
        defer { unsafe PQconninfoFree(options) }
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                values[unsafe String(cString: keyword)] = unsafe String(cString: value)
            }
            unsafe option += 1
        }
    }

    /// Sets a keyword unless the connection string did.
    mutating func setDefault(_ keyword: String, _ value: String) {
        if values[keyword] == nil {
            values[keyword] = value
        }
    }

    mutating func set(_ keyword: String, _ value: String) {
        values[keyword] = value
    }

    /// The same with the list of hosts turned, so that a host that only swallows packets is not always the first: in
    /// its non-blocking form libpq has no time limit per host after which it would go on to the next.
    package func turned(by count: Int) -> ConnectionParameters {
        let length = max(listCount("host"), listCount("hostaddr"))
        guard length > 1 else { return self }
        var turned = self
        for keyword in ["host", "hostaddr", "port"] {
            guard let list = values[keyword] else { continue }
            let parts = list.split(separator: ",", omittingEmptySubsequences: false)
            guard parts.count == length else { continue }
            let start = count % length
            turned.values[keyword] = (parts[start...] + parts[..<start]).joined(separator: ",")
        }
        return turned
    }

    private func listCount(_ keyword: String) -> Int {
        values[keyword]?.split(separator: ",", omittingEmptySubsequences: false).count ?? 0
    }

    /// Lends two lists of C strings that end with nil; they end with the call.
    func withKeywordsAndValues<R>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<UnsafePointer<CChar>?>?) -> R
    ) -> R {
        var bytes: [CChar] = []
        var keywordOffsets: [Int] = []
        var valueOffsets: [Int] = []
        for (keyword, value) in values {
            keywordOffsets.append(bytes.count)
            bytes.append(contentsOf: keyword.utf8.map { CChar(bitPattern: $0) } + [0])
            valueOffsets.append(bytes.count)
            bytes.append(contentsOf: value.utf8.map { CChar(bitPattern: $0) } + [0])
        }
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            let base = buffer.baseAddress
            let keywords = unsafe keywordOffsets.map { offset in unsafe base.map { unsafe $0 + offset } } + [nil]
            let values = unsafe valueOffsets.map { offset in unsafe base.map { unsafe $0 + offset } } + [nil]
            return unsafe keywords.withUnsafeBufferPointer { keywords in
                unsafe values.withUnsafeBufferPointer { values in
                    unsafe body(keywords.baseAddress, values.baseAddress)
                }
            }
        }
    }
}
