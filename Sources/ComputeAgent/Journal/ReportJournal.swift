package import ComputeMessages
internal import Glibc
internal import StatorObjects
internal import Synchronization

/// The durable queue of what the host has to tell the conductor.
///
/// Every method may block on the disk: call them on a `BlockingQueue`. An entry is on the disk when `append` returns,
/// and is kept until the conductor has acknowledged it.
package final class ReportJournal: Sendable {
    /// Acknowledged entries are dropped from the file when they are at least so many bytes.
    package static let trimLengthMin = 64 << 10

    private struct State: ~Copyable {
        var file: FileDescriptor
        var wholeLength: Int
        var base: UInt64
        var lastSequence: UInt64
        var acknowledged: UInt64
        /// What is not acknowledged, in order.
        var pending: [JournalFormat.Entry]
        /// An append failed, so that the file may end in something half-written.
        var isDamaged = false
        /// The file was replaced, or may have been, but its successor is not open or not durable yet.
        var isReplaced = false
    }

    /// Puts a whole file in the place of another.
    package typealias Replace = @Sendable (_ path: String, _ bytes: [UInt8]) throws(AgentError) -> Void

    package let path: String
    private let replace: Replace
    private let state: Mutex<State>

    /// Opens the journal, or begins one; cuts a torn tail off.
    ///
    /// - Parameter replace: Another one than the file system's is for tests.
    package init(
        path: String,
        replace: @escaping Replace = { (path, bytes) throws(AgentError) in try DurableFile.replace(path, with: bytes) }
    ) throws(AgentError) {
        self.path = path
        self.replace = replace
        if access(path, F_OK) != 0, errno == ENOENT {
            try replace(path, JournalFormat.header(base: 0))
        }
        let file = try FileDescriptor.open(path, O_RDWR | O_APPEND)
        let length = try file.status().st_size
        let contents = try JournalFormat.decode(try file.read(at: 0, length: length), path: path)
        if contents.wholeLength < length {
            try file.truncate(to: contents.wholeLength)
            try file.sync()
        }
        state = Mutex(
            State(
                file: file, wholeLength: contents.wholeLength, base: contents.base,
                lastSequence: contents.lastSequence, acknowledged: contents.base, pending: contents.entries))
    }

    /// The number of the newest entry that was ever written.
    package var lastSequence: UInt64 { state.withLock { $0.lastSequence } }

    package var acknowledgedThrough: UInt64 { state.withLock { $0.acknowledged } }

    /// Writes a report under the next number and returns that number when it is on the disk.
    package func append(_ report: Report) throws(AgentError) -> UInt64 {
        let result = state.withLock { state -> Result<UInt64, AgentError> in
            Result { () throws(AgentError) in try append(report, &state) }
        }
        return try result.get()
    }

    private func append(_ report: Report, _ state: inout State) throws(AgentError) -> UInt64 {
        if state.isReplaced {
            try rewrite(&state)
        } else if state.isDamaged {
            try repair(&state)
        }
        var numbered = report
        numbered.sequence = state.lastSequence + 1
        let payload: [UInt8]
        do {
            payload = try numbered.encodedBytes(for: nil)
        } catch {
            throw AgentError(.corrupt, "a report cannot be encoded: \(error)")
        }
        let entry = JournalFormat.Entry(sequence: state.lastSequence + 1, payload: payload)
        let bytes = JournalFormat.encode(entry)
        state.isDamaged = true
        try state.file.write(bytes)
        try state.file.sync()
        state.isDamaged = false
        state.wholeLength += bytes.count
        state.lastSequence = entry.sequence
        state.pending.append(entry)
        return entry.sequence
    }

    /// The reports after a number, in order.
    package func reports(after sequence: UInt64, limit: Int) throws(AgentError) -> [Report] {
        let entries = state.withLock { state in
            Array(state.pending.drop { $0.sequence <= sequence }.prefix(limit))
        }
        var reports: [Report] = []
        for entry in entries { reports.append(try decode(entry)) }
        return reports
    }

    /// All reports that are not acknowledged.
    package func pendingReports() throws(AgentError) -> [Report] {
        try reports(after: 0, limit: .max)
    }

    private func decode(_ entry: JournalFormat.Entry) throws(AgentError) -> Report {
        do {
            return try Report(decoding: entry.payload, from: nil)
        } catch {
            throw AgentError(.corrupt, "report \(entry.sequence) in \(path) cannot be decoded: \(error)")
        }
    }

    /// Forgets entries that the conductor has committed; a number that was acknowledged before changes nothing.
    package func acknowledge(through sequence: UInt64) throws(AgentError) {
        let result = state.withLock { state -> Result<Void, AgentError> in
            guard sequence > state.acknowledged else { return .success(()) }
            state.acknowledged = min(sequence, state.lastSequence)
            state.pending.removeAll { $0.sequence <= sequence }
            let pendingLength = state.pending.reduce(0) { $0 + JournalFormat.entryHeadLength + $1.payload.count }
            guard state.wholeLength - pendingLength - JournalFormat.headerLength >= Self.trimLengthMin else {
                return .success(())
            }
            return Result { () throws(AgentError) in try rewrite(&state) }
        }
        try result.get()
    }

    /// Cuts off what a failed append left; that needs no room on a full disk. Otherwise the file is made anew.
    private func repair(_ state: inout State) throws(AgentError) {
        do throws(AgentError) {
            try state.file.truncate(to: state.wholeLength)
            try state.file.sync()
            state.isDamaged = false
        } catch {
            try rewrite(&state)
        }
    }

    /// Replaces the file by one that holds what is pending, and the next number.
    private func rewrite(_ state: inout State) throws(AgentError) {
        let base = state.pending.first.map { $0.sequence - 1 } ?? state.lastSequence
        let bytes = JournalFormat.header(base: base) + state.pending.flatMap(JournalFormat.encode)
        do throws(AgentError) {
            try replace(path, bytes)
        } catch {
            // It may have failed after the renaming; what is then appended to the open file would be in no folder.
            state.isReplaced = !isInPlace(state.file)
            throw error
        }
        // Until the new file is open the old one, already replaced, must not be appended to.
        state.isReplaced = true
        try reopen(&state, base: base, wholeLength: bytes.count)
    }

    /// Whether the open file is the one that has the journal's name.
    private func isInPlace(_ file: borrowing FileDescriptor) -> Bool {
        var named = stat()
        guard let opened = try? file.status(), stat(path, &named) == 0 else { return false }
        return opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
    }

    private func reopen(_ state: inout State, base: UInt64, wholeLength: Int) throws(AgentError) {
        state.file = try FileDescriptor.open(path, O_RDWR | O_APPEND)
        state.base = base
        state.wholeLength = wholeLength
        state.isReplaced = false
        state.isDamaged = false
    }
}
