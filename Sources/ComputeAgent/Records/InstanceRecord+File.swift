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

/// The layout of a record's file. Its names are a promise to later releases.
private struct RecordFile: Codable {
    struct Operation: Codable {
        var id: String
        var kind: String
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

    init(_ record: InstanceRecord) throws {
        id = record.id.description
        instance = try record.instance.map { Data(try $0.encodedBytes(for: nil)) }
        wantsRunning = record.wantsRunning
        reportedPower = record.reportedPower?.description
        launchedAt = record.launchedAt?.microsecondsSinceEpoch
        deletedAt = record.deletedAt?.microsecondsSinceEpoch
        operations = try record.operations.map { operation in
            var entry = Operation(id: operation.id.description, kind: operation.kind.description)
            entry.sequence = operation.sequence
            entry.begun = operation.isBegun ? true : nil
            switch operation.outcome {
            case .reported(let report): entry.report = Data(try report.encodedBytes(for: nil))
            case .superseded: entry.superseded = true
            case nil: break
            }
            return entry
        }
    }

    func record() throws -> InstanceRecord {
        guard format == 1 else { throw Invalid(description: "its format is \(format), and this agent knows 1 only") }
        var record = InstanceRecord(
            id: try identifier(id), instance: try instance.map { try Instance(decoding: Array($0), from: nil) })
        record.wantsRunning = wantsRunning
        record.reportedPower = try reportedPower.map { text in
            guard let state = PowerState(text: text) else { throw Invalid(description: "power state '\(text)'") }
            return state
        }
        record.launchedAt = launchedAt.map(Timestamp.init(microsecondsSinceEpoch:))
        record.deletedAt = deletedAt.map(Timestamp.init(microsecondsSinceEpoch:))
        record.operations = try operations.map { entry in
            guard let kind = OperationKind(text: entry.kind) else { throw Invalid(description: "kind '\(entry.kind)'") }
            var operation = RecordedOperation(id: try identifier(entry.id), kind: kind, sequence: entry.sequence)
            operation.isBegun = entry.begun ?? false
            if let report = entry.report {
                operation.outcome = .reported(try Report(decoding: Array(report), from: nil))
            } else if entry.superseded == true {
                operation.outcome = .superseded
            }
            return operation
        }
        return record
    }

    private func identifier(_ text: String) throws -> ObjectID {
        guard let id = ObjectID(text) else { throw Invalid(description: "'\(text)' is no uuid") }
        return id
    }
}
