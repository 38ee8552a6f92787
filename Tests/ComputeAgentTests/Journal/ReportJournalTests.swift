import ComputeAgent
import ComputeMessages
import Foundation
import StatorObjects
import Synchronization
import TestSupport
import Testing

@Suite struct ReportJournalTests {
    private let directory: TemporaryDirectory
    private var path: String { directory.file("journal") }

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func report(_ text: String = "") -> Report {
        var report = Report()
        report.outcome = .failed
        report.operationId = ObjectID.random()
        var fault = Fault()
        fault.message = text
        report.fault = fault
        return report
    }

    @Test func `numbers go on without a gap over restarts and trimming`() throws {
        var journal = try ReportJournal(path: path)
        #expect(try journal.append(report()) == 1)
        #expect(try journal.append(report()) == 2)
        journal = try ReportJournal(path: path)
        #expect(try journal.append(report()) == 3)
        try journal.acknowledge(through: 3)
        #expect(try journal.pendingReports().isEmpty)
        #expect(try journal.append(report()) == 4)
    }

    @Test func `acknowledged reports leave the file once they are many, and the next number stays`() throws {
        let journal = try ReportJournal(path: path)
        var last: UInt64 = 0
        for _ in 0..<80 { last = try journal.append(report(String(repeating: "x", count: 1000))) }
        let before = try Data(contentsOf: URL(fileURLWithPath: path)).count
        try journal.acknowledge(through: last - 1)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count < before / 10)
        #expect(try journal.append(report()) == last + 1)
        let reopened = try ReportJournal(path: path)
        #expect(try reopened.pendingReports().map(\.sequence) == [last, last + 1])
        #expect(reopened.acknowledgedThrough == last - 1)
    }

    @Test func `batches are bounded, in order and after a number`() throws {
        let journal = try ReportJournal(path: path)
        for _ in 0..<10 { _ = try journal.append(report()) }
        #expect(try journal.reports(after: 3, limit: 4).map(\.sequence) == [4, 5, 6, 7])
        #expect(try journal.reports(after: 10, limit: 4).isEmpty)
    }

    @Test func `a journal cut at any byte of its last entry opens and goes on`() throws {
        let journal = try ReportJournal(path: path)
        _ = try journal.append(report("kept"))
        let kept = try Data(contentsOf: URL(fileURLWithPath: path))
        _ = try journal.append(report("torn"))
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for length in kept.count..<whole.count {
            try whole.prefix(length).write(to: URL(fileURLWithPath: path))
            let reopened = try ReportJournal(path: path)
            #expect(reopened.lastSequence == 1)
            #expect(try reopened.append(report("again")) == 2)
            #expect(try ReportJournal(path: path).pendingReports().map { $0.fault?.message } == ["kept", "again"])
        }
    }

    @Test func `a report that cannot be written takes no number`() throws {
        let journal = try ReportJournal(path: path)
        _ = try journal.append(report())
        // Longer than the contract allows.
        #expect(throws: AgentError.self) { try journal.append(report(String(repeating: "y", count: 20_000))) }
        #expect(try journal.append(report()) == 2)
        #expect(try ReportJournal(path: path).lastSequence == 2)
    }

    /// A disk whose replacing of files can be made to fail.
    private final class Disk: Sendable {
        enum Fault { case none, full, unsynced }
        let fault = Mutex(Fault.none)

        func fail(_ fault: Fault) { self.fault.withLock { $0 = fault } }

        func replace(_ path: String, _ bytes: [UInt8]) throws(AgentError) {
            let fault = fault.withLock { $0 }
            if fault == .full { throw AgentError(.environment, "no space left") }
            try DurableFile.replace(path, with: bytes)
            if fault == .unsynced { throw AgentError(.environment, "the folder cannot be synced") }
        }
    }

    /// A journal that is due to be trimmed, and its last number.
    private func longJournal(on disk: Disk) throws -> (ReportJournal, UInt64) {
        let journal = try ReportJournal(path: path) { (path, bytes) throws(AgentError) in
            try disk.replace(path, bytes)
        }
        var last: UInt64 = 0
        for _ in 0..<80 { last = try journal.append(report(String(repeating: "x", count: 1000))) }
        return (journal, last)
    }

    @Test func `after a trim that failed behind its renaming, nothing is written to the file that has no name`() throws
    {
        let disk = Disk()
        let (journal, last) = try longJournal(on: disk)
        disk.fail(.unsynced)
        #expect(throws: AgentError.self) { try journal.acknowledge(through: last - 1) }
        #expect(throws: AgentError.self) { try journal.append(report()) }
        disk.fail(.none)
        #expect(try journal.append(report()) == last + 1)
        #expect(try ReportJournal(path: path).pendingReports().map(\.sequence) == [last, last + 1])
    }

    @Test func `a disk without room for a trim still takes what fits, and is trimmed when there is room`() throws {
        let disk = Disk()
        let (journal, last) = try longJournal(on: disk)
        disk.fail(.full)
        #expect(throws: AgentError.self) { try journal.acknowledge(through: last - 1) }
        #expect(try journal.append(report()) == last + 1)
        #expect(try ReportJournal(path: path).lastSequence == last + 1)
        disk.fail(.none)
        try journal.acknowledge(through: last)
        #expect(try journal.append(report()) == last + 2)
        #expect(try ReportJournal(path: path).pendingReports().map(\.sequence) == [last + 1, last + 2])
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count < 4096)
    }
}
