import ComputeMessages
import Foundation
import StatorObjects
import Testing
import stator_bench

@Suite struct `Report of a comparison` {
    private static let workload = Workload(.instance, connections: 1, inFlight: 64)

    private func figures(callsPerSecond: Double, cpu: Double) -> PeerFigures {
        PeerFigures(
            calls: UInt64(callsPerSecond), seconds: 1, p50Microseconds: 100, p99Microseconds: 200,
            serverCPUSeconds: cpu * callsPerSecond / 1e6, clientCPUSeconds: 1)
    }

    private func row(_ name: Implementation.Name, _ style: Style = .plain, callsPerSecond: Double, cpu: Double) -> Row {
        // A disturbed round on either side leaves the median as it is.
        Row(
            name, Self.workload, style,
            [
                figures(callsPerSecond: callsPerSecond / 9, cpu: cpu),
                figures(callsPerSecond: callsPerSecond, cpu: cpu * 9),
                figures(callsPerSecond: callsPerSecond, cpu: cpu),
            ])
    }

    private var rows: [Row] {
        [
            row(.plainC, callsPerSecond: 200_000, cpu: 4), row(.grpc, callsPerSecond: 20_000, cpu: 40),
            row(.stator, callsPerSecond: 160_000, cpu: 5),
            row(.stator, .asyncHandler, callsPerSecond: 100_000, cpu: 8),
        ]
    }

    private func requirement(_ name: String) throws -> Requirement {
        try #require(Requirement.all(of: rows).first { $0.name == name })
    }

    @Test func `takes medians and compares them`() throws {
        let cpu = try requirement("instance 1 × 64: server CPU per call, Stator / plain C")
        #expect(cpu.value == 1.25)
        #expect(cpu.isMet == true)
        let calls = try requirement("instance 1 × 64: calls/s, Stator / gRPC C++")
        #expect(calls.value == 8)
        #expect(calls.isMet == true)
    }

    @Test func `says what is not met`() throws {
        let added = try requirement("instance 1 × 64: µs of CPU that an async handler adds")
        #expect(added.value == 3)
        #expect(added.isMet == false)
    }

    @Test func `claims nothing of what was not measured`() throws {
        let ping = try requirement("ping 1 × 64: calls/s, Stator / plain C")
        #expect(ping.value == nil)
        #expect(ping.isMet == nil)
    }

    @Test func `writes rows under the keys that are agreed on`() throws {
        let text = String(decoding: try Report(rows).json(), as: UTF8.self)
        for key in [
            "implementation", "message", "connections", "in_flight", "calls_per_second", "p50_us", "p99_us",
            "server_cpu_us_per_call",
        ] {
            #expect(text.contains("\"\(key)\""))
        }
        #expect(text.contains("\"instance, async handler\""))
        #expect(!text.contains("idle_connections"))
        let read = try JSONDecoder().decode([Row].self, from: Data(text.utf8))
        #expect(read == rows)
    }

    @Test func `shows a table with a line for each row`() {
        let text = Report(rows).text
        #expect(text.contains("grpc-cpp"))
        #expect(text.contains("not measured"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 130 })
    }

    @Test func `messages have the sizes that the names of the rows claim`() throws {
        let ping = try SampleMessages.ping.encodedBytes().count
        let instance = try SampleMessages.instance.encodedBytes().count
        #expect(ping == 64)
        #expect((1_000...1_050).contains(instance))
    }
}
