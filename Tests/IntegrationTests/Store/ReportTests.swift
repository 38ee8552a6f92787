import ComputeMessages
import Conductor
import StatorObjects
import Testing

@Suite("Reports of hosts")
struct ReportTests {
    private struct Refusal: Error {}

    @Test func `reports are applied once each, in order, and repeats are skipped`() async throws {
        try await StoreFixture.run { fixture in
            let (host, attachment) = try await fixture.registerHost()
            let applied = Applied()
            var through = try await applied.apply([1, 2, 3], attachment, fixture)
            #expect(through == 3)
            through = try await applied.apply([2, 3, 4], attachment, fixture)
            #expect(through == 4)
            through = try await applied.apply([1], attachment, fixture)
            #expect(through == 4)
            let seen = await applied.sequences
            #expect(seen == [1, 2, 3, 4])
            let record = try await fixture.store.hosts.get(host.uuid)
            #expect(record?.appliedThrough == 4)
            let (_, next) = try await fixture.registerHost(uuid: host.uuid, conductor: "c2", bootEpoch: 2)
            #expect(next.appliedThrough == 4)
        }
    }

    @Test func `a gap is refused`() async throws {
        try await StoreFixture.run { fixture in
            let (_, attachment) = try await fixture.registerHost()
            let applied = Applied()
            let gap = await storeError { _ = try await applied.apply([1, 3], attachment, fixture) }
            #expect(gap?.code == .reportGap)
            #expect(gap?.message == "report 3 came where report 2 is the next")
            let none = await storeError { _ = try await applied.apply([0], attachment, fixture) }
            #expect(none?.code == .invalidArgument)
        }
    }

    @Test func `when one of a batch is refused none of it is applied`() async throws {
        try await StoreFixture.run { fixture in
            let (host, attachment) = try await fixture.registerHost()
            let (_, instance) = try await fixture.createInstance()
            await #expect(throws: Refusal.self) {
                _ = try await fixture.store.applyReports(
                    reports([1, 2]), attachment: attachment
                ) { report, transaction in
                    if report.sequence == 2 { throw Refusal() }
                    try await transaction.instances.update(
                        instance.uuid, guard: InstanceGuard(generation: 1), [.vmState(.active)])
                }
            }
            let record = try await fixture.store.hosts.get(host.uuid)
            #expect(record?.appliedThrough == 0)
            let unchanged = try await fixture.store.instances.get(instance.uuid)
            #expect(unchanged == instance)
        }
    }

    @Test func `reports over a connection that was replaced are refused`() async throws {
        try await StoreFixture.run { fixture in
            let (host, old) = try await fixture.registerHost()
            try await fixture.registerHost(uuid: host.uuid, conductor: "c2")
            let error = await storeError { _ = try await Applied().apply([1], old, fixture) }
            #expect(error?.code == .fenced)
        }
    }

    @Test func `the same batch sent ten times at once is applied once`() async throws {
        try await StoreFixture.run { fixture in
            let (_, attachment) = try await fixture.registerHost()
            let (_, instance) = try await fixture.createInstance()
            let results = try await withThrowingTaskGroup(of: UInt64.self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        try await fixture.store.applyReports(
                            reports([1, 2, 3]), attachment: attachment
                        ) { _, transaction in
                            let current = try await transaction.instances.get(instance.uuid, lock: true)
                            try await transaction.instances.update(
                                instance.uuid, guard: InstanceGuard(generation: current?.generation ?? 0),
                                [.powerState(.running)])
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results == Array(repeating: 3, count: 10))
            let record = try await fixture.store.instances.get(instance.uuid)
            #expect(record?.generation == 4)
        }
    }

    private actor Applied {
        private(set) var sequences: [UInt64] = []

        func note(_ report: Report) {
            sequences.append(report.sequence ?? 0)
        }

        nonisolated func apply(
            _ sequences: [UInt64], _ attachment: HostAttachment, _ fixture: StoreFixture
        ) async throws -> UInt64 {
            try await fixture.store.applyReports(reports(sequences), attachment: attachment) { report, _ in
                await self.note(report)
            }
        }
    }
}

private func reports(_ sequences: [UInt64]) -> [Report] {
    sequences.map { sequence in
        var report = Report()
        report.sequence = sequence
        return report
    }
}
