import ComputeAgent
import ComputeMessages
import Foundation
import StatorObjects
import StatorRPC
import StatorWire
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct AgentTests {
    @Test func `a host registers with its id, capacity, hypervisor and images, and renews its lease`() async throws {
        try await withAgent { host in
            let request = try #require(host.conductor.state.withLock { $0.registrations.first })
            #expect(request.host?.name == "host1")
            #expect(request.host?.uuid == host.agent?.identity.id)
            #expect(request.host?.vcpus == 8)
            #expect(request.host?.hypervisor == "fake")
            #expect(request.host?.accelerator == Accelerator.none)
            #expect(request.host?.images.map(\.uuid) == [host.image.id])
            #expect(request.bootEpoch == 1)
            #expect(request.lastSequence == 0)
            try await waitUntil("the lease is renewed") { host.conductor.state.withLock { $0.renewalCount > 0 } }
        }
    }

    @Test func `an instance is built, stopped, started, rebooted and deleted without a read from the conductor`()
        async throws
    {
        try await withAgent { host in
            let instance = host.instance()
            let id = try #require(instance.uuid)
            let built = try await host.carryOut(.create, instance)
            #expect(built.outcome == .succeeded)
            #expect(built.instance?.powerState == .running)
            #expect(built.instance?.launchedAt != nil)
            #expect(try await host.conductor.console(of: id).contains("stator guest \(id) is up"))
            #expect(try await host.carryOut(.stop, instance).instance?.powerState == .shutdown)
            #expect(try await host.carryOut(.start, instance).instance?.powerState == .running)
            #expect(try await host.carryOut(.reboot, instance).outcome == .succeeded)
            #expect(try await host.carryOut(.rebootHard, instance).outcome == .succeeded)
            let deleted = try await host.carryOut(.delete, instance)
            #expect(deleted.outcome == .succeeded)
            #expect(deleted.instance?.terminatedAt != nil)
            #expect(try await host.driver?.guests() == [])
            #expect(host.conductor.reports.map(\.sequence) == [1, 2, 3, 4, 5, 6])
            #expect(await host.agent?.operations.buildCount == 1)
            #expect(await host.agent?.operations.buildConductorCalls == 0)
        }
    }

    @Test func `a repeated directive is carried out once, and its outcome is told again after it was acknowledged`()
        async throws
    {
        try await withAgent { host in
            let directive = host.directive(.create, host.instance())
            let operation = try #require(directive.operationId)
            #expect(try await host.conductor.execute(directive))
            #expect(try await !host.conductor.execute(directive))
            try await host.conductor.report(of: operation)
            // The acknowledgement is on its way back.
            try await waitUntil("it is told again") {
                let isNew = try await host.conductor.execute(directive)
                #expect(!isNew)
                return host.conductor.reports.filter { $0.operationId == operation }.count > 1
            }
            #expect(host.driver?.buildCount == 1)
            #expect(host.conductor.reports.allSatisfy { $0.outcome == .succeeded })
        }
    }

    @Test func `a failed build is undone before it is reported`() async throws {
        let harness = try await AgentHarness()
        harness.behaviour.buildFailure = DriverError(.internal, "no such luck", details: "QEMU says no")
        harness.behaviour.destroyFailureCount = 0
        try harness.startAgent()
        try await harness.conductor.waitForHost()
        harness.driver?.setBehaviour { $0.destroyFailureCount = 0 }
        let report = try await harness.carryOut(.create, harness.instance())
        #expect(report.outcome == .failed)
        #expect(report.fault?.message == "no such luck")
        #expect(report.fault?.details == "QEMU says no")
        #expect(report.fault?.code == UInt32(StatusCode.internal.rawValue))
        #expect(try await harness.driver?.guests() == [])
        await harness.end()
    }

    @Test func `an image with another checksum is a clear fault`() async throws {
        try await withAgent { host in
            var instance = host.instance()
            var image = host.image.object
            image.checksum = [UInt8](repeating: 1, count: 32)
            instance.image = image
            let report = try await host.carryOut(.create, instance)
            #expect(report.outcome == .failed)
            #expect(report.fault?.code == UInt32(StatusCode.failedPrecondition.rawValue))
            #expect(report.fault?.message?.contains("checksum") == true)
        }
    }

    @Test func `a delete interrupts a build, and the build is never done afterwards`() async throws {
        try await withAgent { host in
            host.driver?.setBehaviour { $0.buildDelay = .seconds(60) }
            let instance = host.instance()
            let build = host.directive(.create, instance)
            #expect(try await host.conductor.execute(build))
            try await waitUntil("the build has begun") { host.driver?.buildCount == 1 }
            #expect(try await host.carryOut(.delete, instance).outcome == .succeeded)
            #expect(try await host.driver?.guests() == [])
            // A late repeat, and a late build of another operation, are answered and do nothing.
            #expect(try await !host.conductor.execute(build))
            #expect(try await host.conductor.report(of: try #require(build.operationId)).outcome == .failed)
            let late = host.directive(.create, instance)
            #expect(try await !host.conductor.execute(late))
            #expect(try await host.conductor.report(of: try #require(late.operationId)).outcome == .failed)
            #expect(try await host.carryOut(.delete, instance).outcome == .succeeded)
            #expect(host.driver?.buildCount == 1)
        }
    }

    @Test func `a guest that survived its delete is watched again`() async throws {
        try await withAgent { host in
            host.driver?.setBehaviour { $0.buildDelay = .seconds(60) }
            let instance = host.instance()
            let id = try #require(instance.uuid)
            #expect(try await host.conductor.execute(host.directive(.create, instance)))
            try await waitUntil("the build has begun") { host.driver?.buildCount == 1 }
            host.driver?.setBehaviour { $0.destroyFailureCount = 5 }
            let delete = host.directive(.delete, instance)
            #expect(try await host.conductor.execute(delete))
            try await waitUntil(timeout: .seconds(60), "the delete has failed") {
                host.conductor.reports.contains { $0.operationId == delete.operationId }
            }
            #expect(host.conductor.reports.last?.outcome == .failed)
            #expect(try await host.carryOut(.start, instance).outcome == .succeeded)
            try await host.driver?.change(id, to: .crashed)
            try await waitUntil("the crash is reported") { host.conductor.reports.last?.outcome == .observed }
            #expect(host.conductor.reports.last?.instance?.powerState == .crashed)
            host.driver?.setBehaviour { $0.destroyFailureCount = 0 }
            #expect(try await host.carryOut(.delete, instance).outcome == .succeeded)
        }
    }

    @Test func `what cannot be a directive is refused`() async throws {
        try await withAgent { host in
            let unknown = await #expect(throws: RPCError.self) {
                try await host.conductor.execute(host.directive(.stop, host.instance()))
            }
            #expect(unknown?.code == .notFound)
            let empty = await #expect(throws: RPCError.self) { try await host.conductor.execute(Directive()) }
            #expect(empty?.code == .invalidArgument)
            let console = await #expect(throws: RPCError.self) { try await host.conductor.console(of: .random()) }
            #expect(console?.code == .notFound)
        }
    }

    @Test func `a guest that powers itself off or crashes is reported`() async throws {
        try await withAgent { host in
            let instance = host.instance()
            let id = try #require(instance.uuid)
            try await host.carryOut(.create, instance)
            try await host.driver?.change(id, to: .shutdown)
            try await waitUntil("it is reported") { host.conductor.reports.last?.outcome == .observed }
            #expect(host.conductor.reports.last?.instance?.powerState == .shutdown)
            try await host.carryOut(.start, instance)
            try await host.driver?.change(id, to: .crashed)
            try await waitUntil("it is reported") { host.conductor.reports.last?.instance?.powerState == .crashed }
            #expect(host.conductor.reports.count == 4)
        }
    }
}

@Suite(.timeLimit(.minutes(2))) struct AgentRestartTests {
    @Test func `a build that was cut short is done by the next start`() async throws {
        try await withAgent { host in
            host.driver?.setBehaviour { $0.buildDelay = .seconds(60) }
            let directive = host.directive(.create, host.instance())
            #expect(try await host.conductor.execute(directive))
            try await waitUntil("the build has begun") { host.driver?.buildCount == 1 }
            await host.endAgent()
            try host.startAgent()
            let report = try await host.conductor.report(of: try #require(directive.operationId))
            #expect(report.outcome == .succeeded)
            #expect(report.bootEpoch == 2)
            #expect(try await host.driver?.guests() == [try #require(directive.instance?.uuid)])
        }
    }

    @Test func `reports that the conductor lacks are sent by the next start, once each and in order`() async throws {
        try await withAgent { host in
            host.conductor.state.withLock { $0.takesReports = false }
            let instance = host.instance()
            let id = try #require(instance.uuid)
            _ = try await host.conductor.execute(host.directive(.create, instance))
            try await waitUntil("it runs") { try await host.driver?.powerState(of: id) == .running }
            _ = try await host.conductor.execute(host.directive(.stop, instance))
            try await waitUntil("it is off") { try await host.driver?.powerState(of: id) == .shutdown }
            await host.endAgent()
            host.conductor.state.withLock { $0.takesReports = true }
            try host.startAgent()
            try await waitUntil("both are reported") { host.conductor.reports.count >= 2 }
            #expect(host.conductor.reports.map(\.sequence) == [1, 2])
            #expect(host.conductor.reports.map(\.outcome) == [.succeeded, .succeeded])
            #expect(host.driver?.buildCount == 0)
        }
    }

    @Test func `guests live on, and one that ended meanwhile is reported`() async throws {
        try await withAgent { host in
            let (kept, lost) = (host.instance(), host.instance())
            try await host.carryOut(.create, kept)
            try await host.carryOut(.create, lost)
            await host.endAgent()
            let driver = try FakeDriver(path: host.stateFolder.file("fake-guests.json"))
            try await driver.change(try #require(lost.uuid), to: .crashed)
            try host.startAgent()
            try await waitUntil("the loss is reported") { host.conductor.reports.count >= 3 }
            #expect(host.conductor.reports.last?.outcome == .observed)
            #expect(host.conductor.reports.last?.instance?.uuid == lost.uuid)
            #expect(host.conductor.reports.last?.instance?.powerState == .crashed)
            #expect(try await host.driver?.powerState(of: try #require(kept.uuid)) == .running)
        }
    }

    @Test func `an instance that the conductor has and the host has not is reported as gone`() async throws {
        let harness = try await AgentHarness()
        var instance = harness.instance()
        instance.vmState = .active
        instance.powerState = .running
        let listed = instance
        harness.conductor.state.withLock { $0.instances = [listed] }
        try harness.startAgent()
        try await waitUntil("it is reported") { !harness.conductor.reports.isEmpty }
        #expect(harness.conductor.reports.first?.outcome == .observed)
        #expect(harness.conductor.reports.first?.instance?.uuid == instance.uuid)
        #expect(harness.conductor.reports.first?.instance?.powerState == .crashed)
        await harness.end()
    }

    @Test func `a host whose state directory is not its last one refuses to work`() async throws {
        let harness = try await AgentHarness()
        harness.conductor.state.withLock { $0.appliedThrough = 5 }
        try harness.startAgent()
        let error = await harness.failure() as? AgentError
        #expect(error?.code == .stateLost)
        #expect(error?.message.contains("5 reports") == true)
        await harness.end()
    }
}
