internal import ComputeMessages
internal import Foundation
internal import StatorObjects

extension InstanceRecord {
    /// The record as a JSON file; objects in it are encoded messages in base64.
    package func fileContents() throws(AgentError) -> [UInt8] {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            return Array(try encoder.encode(try RecordFile(self)))
        } catch {
            throw AgentError(.corrupt, "the record of instance \(id) cannot be encoded: \(error)")
        }
    }

    /// - Parameter path: For the error's sentence.
    package init(fileContents: [UInt8], path: String) throws(AgentError) {
        do {
            self = try JSONDecoder().decode(RecordFile.self, from: Data(fileContents)).record()
        } catch {
            throw AgentError(.corrupt, "\(path) is no record of an instance: \(error); restore it from a copy")
        }
    }
}

/// The layout of a record's file. Its names are a promise to later releases, and to the one before, which reads it
/// after a downgrade: what that one can't read goes where it does not look.
private struct RecordFile: Codable {
    /// The kinds that `operations` may hold: those of the first release. Others are in `laterOperations`.
    private static let firstKinds: Set<OperationKind> = [.create, .delete, .start, .stop, .reboot, .rebootHard]

    struct Operation: Codable {
        var id: String
        var kind: String
        /// Of one of `laterOperations`: its place among all.
        var position: Int?
        var superseded: Bool?
        var report: Data?
        var sequence: UInt64?
        var begun: Bool?
    }

    struct Invalid: Error, CustomStringConvertible {
        var description: String
    }

    var format = 1
    var id: String
    var instance: Data?
    var wantsRunning: Bool
    var reportedPower: String?
    var launchedAt: Int64?
    var deletedAt: Int64?
    var operations: [Operation]
    /// Of kinds that the first release did not know. A release that does not know this key leaves it out when it writes
    /// the file: what has ended is then in the journal, and what has not is told again by the conductor, or refused.
    var laterOperations: [Operation]?

    init(_ record: InstanceRecord) throws {
        id = record.id.description
        instance = try record.instance.map { Data(try $0.withoutStates.encodedBytes(for: nil)) }
        wantsRunning = record.wantsRunning
        reportedPower = record.reportedPower?.description
        launchedAt = record.launchedAt?.microsecondsSinceEpoch
        deletedAt = record.deletedAt?.microsecondsSinceEpoch
        operations = try record.operations.filter { Self.firstKinds.contains($0.kind) }.map(Operation.init)
        let later = try record.operations.enumerated().filter { !Self.firstKinds.contains($1.kind) }.map {
            var entry = try Operation($1)
            entry.position = $0
            return entry
        }
        laterOperations = later.isEmpty ? nil : later
    }

    func record() throws -> InstanceRecord {
        guard format == 1 else { throw Invalid(description: "its format is \(format), and this agent knows 1 only") }
        var record = InstanceRecord(
            id: try Self.identifier(id), instance: try instance.map { try Instance(decoding: Array($0), from: nil) })
        record.wantsRunning = wantsRunning
        record.reportedPower = try reportedPower.map { text in
            guard let state = PowerState(text: text) else { throw Invalid(description: "power state '\(text)'") }
            return state
        }
        record.launchedAt = launchedAt.map(Timestamp.init(microsecondsSinceEpoch:))
        record.deletedAt = deletedAt.map(Timestamp.init(microsecondsSinceEpoch:))
        record.operations = try operations.map { entry in
            guard let operation = try entry.operation() else { throw Invalid(description: "kind '\(entry.kind)'") }
            return operation
        }
        for entry in laterOperations ?? [] {
            // Of a kind that only a newer release knows.
            guard let operation = try entry.operation() else { continue }
            let position = min(max(entry.position ?? 0, 0), record.operations.count)
            record.operations.insert(operation, at: position)
        }
        return record
    }

    fileprivate static func identifier(_ text: String) throws -> ObjectID {
        guard let id = ObjectID(text) else { throw Invalid(description: "'\(text)' is no uuid") }
        return id
    }
}

extension RecordFile.Operation {
    init(_ operation: RecordedOperation) throws {
        id = operation.id.description
        kind = operation.kind.description
        sequence = operation.sequence
        begun = operation.isBegun ? true : nil
        switch operation.outcome {
        case .reported(let report): self.report = Data(try report.encodedBytes(for: nil))
        case .superseded: superseded = true
        case nil: break
        }
    }

    /// Nil when its kind is not known.
    func operation() throws -> RecordedOperation? {
        guard let kind = OperationKind(text: kind) else { return nil }
        var operation = RecordedOperation(id: try RecordFile.identifier(id), kind: kind, sequence: sequence)
        operation.isBegun = begun ?? false
        if let report {
            operation.outcome = .reported(try Report(decoding: Array(report), from: nil))
        } else if superseded == true {
            operation.outcome = .superseded
        }
        return operation
    }
}

extension Instance {
    /// As it is kept: its states are the conductor's, a directive's are old when the file is read, and another release
    /// may not know them.
    fileprivate var withoutStates: Instance {
        var instance = self
        instance.vmState = nil
        instance.taskState = nil
        instance.powerState = nil
        return instance
    }
}
