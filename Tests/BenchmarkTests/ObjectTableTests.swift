import ComputeMessages
import Foundation
import StatorObjects
import Testing
import stator_bench

@Suite struct `Table of objects` {
    private func row(
        _ name: ObjectImplementation.Name, _ operation: ObjectOperation, microseconds: Double, bytes: Int = 0
    ) throws -> ObjectRow {
        // A disturbed round leaves the median as it is.
        let figures = [microseconds * 9, microseconds, microseconds / 9].map {
            ObjectFigures(operations: 1_000, cpuSeconds: $0 * 1_000 / 1e6, bytes: bytes)
        }
        return try #require(ObjectRow(name, operation, figures))
    }

    private func table() throws -> ObjectTable {
        ObjectTable([
            try row(.stator, .encode, microseconds: 1, bytes: 1_017),
            try row(.stator, .decode, microseconds: 3, bytes: 1_017),
            try row(.stator, .encodeLowerable, microseconds: 0.8, bytes: 900),
            try row(.stator, .lower, microseconds: 1.2, bytes: 800),
            try row(.protobufC, .encode, microseconds: 0.5, bytes: 1_017),
            try row(.protobufC, .decode, microseconds: 1.5, bytes: 1_017),
            try row(.swiftProtobuf, .encode, microseconds: 4, bytes: 1_017),
            try row(.oslo, .encode, microseconds: 500, bytes: 4_000),
        ])
    }

    private func requirement(_ name: String) throws -> Requirement {
        try #require(try table().requirements.first { $0.name == name })
    }

    @Test(
        "compares medians with each limit",
        arguments: [
            ("lower two versions and encode / encode", 1.5, false),
            ("decode, Stator / protobuf-c's unpack", 2, true),
            ("encode, Stator / protobuf-c's pack", 2, false),
            ("encode, swift-protobuf / Stator", 4, true),
            ("encode, oslo.versionedobjects / Stator", 500, true),
        ])
    func compares(name: String, value: Double, isMet: Bool) throws {
        let requirement = try requirement(name)
        let found = try #require(requirement.value)
        #expect(abs(found - value) < 0.001)
        #expect(requirement.isMet == isMet)
    }

    @Test(
        "claims nothing of what was not measured",
        arguments: [
            "decode, swift-protobuf / Stator", "copy an object / retain one of a class",
            "decode, oslo.versionedobjects / Stator",
        ])
    func unmeasured(name: String) throws {
        let requirement = try requirement(name)
        #expect(requirement.value == nil)
        #expect(requirement.isMet == nil)
    }

    @Test func `writes rows under the keys that are agreed on`() throws {
        let table = try table()
        let json = try table.json()
        let rows = try #require(try JSONSerialization.jsonObject(with: json) as? [[String: Any]])
        #expect(rows.count == table.rows.count)
        #expect(rows.first?["implementation"] as? String == "stator")
        #expect(rows.first?["operation"] as? String == "encode")
        #expect(rows.first?["cpu_us"] as? Double == 1)
        #expect(rows.first?["bytes"] as? Int == 1_017)
        #expect(rows.first?["ratio_to_stator"] == nil)
        #expect(rows.last?["implementation"] as? String == "oslo.versionedobjects")
        #expect(rows.last?["ratio_to_stator"] as? Double == 500)
        #expect(try JSONDecoder().decode([ObjectRow].self, from: json) == table.rows)
    }

    @Test func `shows a line for each row and each limit`() throws {
        let table = try table()
        let lines = table.text.split(separator: "\n")
        // And two heads.
        #expect(lines.count == table.rows.count + table.requirements.count + 2)
        #expect(lines.allSatisfy { $0.count <= 130 })
        #expect(table.text.contains("not measured"))
    }

    @Test func `the sample that is lowered loses something on the way, and is refused when it must not`() throws {
        let older = SampleMessages.olderManifest
        let lowerable = SampleMessages.lowerableInstance
        let whole = try lowerable.encodedBytes()
        let lowered = try lowerable.encodedBytes(for: older)
        #expect(lowered.count < whole.count)
        #expect(throws: ObjectError.self) { try SampleMessages.instance.encodedBytes(for: older) }
    }
}
