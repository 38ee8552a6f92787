import ComputeAgent
import ComputeMessages
import Foundation
import StatorObjects
import TestSupport
import Testing

@Suite struct InstanceRecordTests {
    private func instance(_ id: ObjectID) -> Instance {
        var instance = Instance()
        instance.uuid = id
        instance.displayName = "web"
        instance.userData = [0, 1, 2]
        return instance
    }

    private func record() -> InstanceRecord {
        let id = ObjectID.random()
        var record = InstanceRecord(id: id, instance: nil)
        var report = Report()
        report.outcome = .succeeded
        record.take(
            RecordedOperation(id: .random(), kind: .create, outcome: .reported(report), sequence: 4),
            instance: instance(id))
        record.take(RecordedOperation(id: .random(), kind: .reboot), instance: instance(id))
        record.update(record.operations[1].id) { $0.isBegun = true }
        record.launchedAt = Timestamp(microsecondsSinceEpoch: 1_700_000_000_000_001)
        record.reportedPower = .running
        return record
    }

    @Test func `a record reads as it was written`() throws {
        let record = record()
        let read = try InstanceRecord(fileContents: try record.fileContents(), path: "r")
        #expect(read == record)
        #expect(read.pendingOperations.map(\.kind) == [.reboot])
    }

    /// What the release before reads of a file: names that it does not know are nothing to it.
    private struct FirstReleasesFile: Decodable {
        struct Operation: Decodable {
            var kind: String
        }

        var instance: [UInt8]?
        var operations: [Operation]

        enum CodingKeys: CodingKey { case instance, operations }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            operations = try container.decode([Operation].self, forKey: .operations)
            instance = try container.decodeIfPresent(Data.self, forKey: .instance).map { Array($0) }
        }
    }

    @Test func `the release before reads a record with operations and states that it does not know`() throws {
        var record = record()
        var paused = instance(record.id)
        paused.vmState = .paused
        paused.taskState = .unpausing
        record.take(RecordedOperation(id: .random(), kind: .pause, outcome: .reported(Report())), instance: paused)
        record.take(RecordedOperation(id: .random(), kind: .stop), instance: paused)
        record.take(RecordedOperation(id: .random(), kind: .unpause), instance: paused)
        let contents = try record.fileContents()

        let old = try JSONDecoder().decode(FirstReleasesFile.self, from: Data(contents))
        #expect(old.operations.map(\.kind) == ["create", "reboot", "stop"])
        let kept = try Instance(decoding: try #require(old.instance))
        #expect(kept.displayName == "web")
        #expect(kept.vmState == nil)
        #expect(kept.taskState == nil)

        let read = try InstanceRecord(fileContents: contents, path: "r")
        #expect(read.operations == record.operations)
        #expect(read.pendingOperations.map(\.kind) == [.reboot, .stop, .unpause])
    }

    @Test func `a newer release's kinds of operation are left out`() throws {
        var text = String(decoding: try record().fileContents(), as: UTF8.self)
        let later = #""laterOperations":[{"id":"\#(ObjectID.random())","kind":"teleport","position":1}],"#
        text.replace(#""operations""#, with: later + #""operations""#)
        let read = try InstanceRecord(fileContents: Array(text.utf8), path: "r")
        #expect(read.operations.map(\.kind) == [.create, .reboot])
    }

    @Test func `a delete supersedes what is pending and nothing that has ended`() {
        var record = record()
        record.take(RecordedOperation(id: .random(), kind: .delete), instance: instance(record.id))
        #expect(record.operations.map(\.kind) == [.create, .reboot, .delete])
        #expect(record.operations[1].outcome == .superseded)
        #expect(record.operations[0].sequence == 4)
        #expect(record.pendingOperations.map(\.kind) == [.delete])
        #expect(!record.wantsRunning)
    }

    @Test func `a build that could not be written takes nothing with it that came after it`() throws {
        let id = ObjectID.random()
        let build = RecordedOperation(id: .random(), kind: .create)
        let delete = RecordedOperation(id: .random(), kind: .delete)
        var record = InstanceRecord(id: id, instance: nil)
        record.take(build, instance: instance(id))
        #expect(record.reverting(build.id, to: nil) == nil)
        let built = record
        record.take(delete, instance: instance(id))
        let reverted = try #require(record.reverting(build.id, to: nil))
        #expect(reverted.pendingOperations == [delete])
        #expect(reverted.instance == instance(id))
        // When the delete cannot be written either, nothing is left.
        #expect(reverted.reverting(delete.id, to: built) == nil)
        // When only the delete cannot be written, the build is pending again.
        #expect(record.reverting(delete.id, to: built) == built)
    }

    @Test func `an older directive that could not be written leaves the newer one's instance`() {
        let before = record()
        var changed = instance(before.id)
        changed.displayName = "changed"
        let (start, stop) = (
            RecordedOperation(id: .random(), kind: .start), RecordedOperation(id: .random(), kind: .stop)
        )
        var record = before
        record.take(start, instance: instance(before.id))
        record.take(stop, instance: changed)
        let reverted = record.reverting(start.id, to: before)
        #expect(reverted?.instance == changed)
        #expect(reverted?.wantsRunning == false)
        #expect(reverted?.operation(start.id) == nil)
    }

    @Test func `operations that have ended are forgotten above the bound, pending ones never`() {
        var record = record()
        let pending = record.operations[1].id
        for _ in 0..<100 {
            record.take(
                RecordedOperation(id: .random(), kind: .start, outcome: .superseded), instance: instance(record.id))
        }
        #expect(record.operations.count == InstanceRecord.operationCountMax)
        #expect(record.operation(pending)?.outcome == nil)
    }

    @Test(arguments: ["", "{", "{}", #"{"format":2,"id":"x","wantsRunning":true,"operations":[]}"#])
    func `what is no record is refused with the file's name`(_ text: String) {
        let error = #expect(throws: AgentError.self) {
            try InstanceRecord(fileContents: Array(text.utf8), path: "/state/records/x.json")
        }
        #expect(error?.message.contains("/state/records/x.json") == true)
    }

    @Test func `the store keeps records and drops what a crash left half-written`() throws {
        let directory = try TemporaryDirectory()
        let store = RecordStore(folder: directory.path)
        let record = record()
        try store.write(record)
        try directory.write("half", to: "\(ObjectID.random()).json.new")
        #expect(try store.load() == [record])
        try store.remove(record.id)
        try store.remove(record.id)
        #expect(try store.load().isEmpty)
    }

    @Test func `only the oldest acknowledged tombstones above the bound may be forgotten`() {
        let tombstones = (0..<RecordStore.tombstoneCountMax + 3).map { index in
            var record = InstanceRecord(id: .random(), instance: nil)
            record.operations = [
                RecordedOperation(
                    id: .random(), kind: .delete, outcome: .reported(Report()), sequence: UInt64(index + 1))
            ]
            record.deletedAt = Timestamp(microsecondsSinceEpoch: Int64(index))
            return record
        }
        #expect(RecordStore.forgettable(tombstones, acknowledged: .max) == tombstones.prefix(3).map(\.id))
        #expect(RecordStore.forgettable(tombstones, acknowledged: 1) == [tombstones[0].id])
        #expect(RecordStore.forgettable(tombstones.dropLast(3), acknowledged: .max).isEmpty)
    }
}
