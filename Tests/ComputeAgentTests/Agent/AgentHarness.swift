import ComputeAgent
import ComputeMessages
import Foundation
import StatorObjects
import StatorReactor
import TestSupport

/// One host with the fake driver, whose agent can be ended and started again over the same files.
final class AgentHarness {
    let conductor: FakeConductor
    let stateFolder: TemporaryDirectory
    let imageFolder: TemporaryDirectory
    let image: TestImage.Written
    let address: String
    var behaviour = FakeDriver.Behaviour()
    private(set) var driver: FakeDriver?
    private(set) var agent: Agent?
    private var task: Task<Void, any Error>?
    private var loop: EventLoop?

    init() async throws {
        conductor = try FakeConductor()
        stateFolder = try TemporaryDirectory()
        imageFolder = try TemporaryDirectory()
        image = try TestImage.write(to: imageFolder)
        address = try await conductor.start()
    }

    func startAgent() throws {
        let directory = try StateDirectory(path: stateFolder.path)
        let driver = try FakeDriver(path: directory.fakeGuestsPath, behaviour: behaviour)
        let loop = try EventLoop(label: "agent")
        try loop.start()
        let certificate = try TestCertificates.tls(class: "compute", name: "host1")
        let name = try AgentCertificate.hostName(certificatePath: certificate.certificateChainPath)
        var configuration = AgentConfiguration(
            conductorAddresses: [address], tls: certificate.configuration, imageDirectory: imageFolder.path)
        configuration.vcpus = 8
        configuration.acpiTimeout = .milliseconds(200)
        configuration.stopTimeout = .seconds(5)
        let agent = try Agent(
            configuration, directory: directory,
            identity: try HostIdentity.load(from: directory, certificateName: name), driver: driver, loop: loop,
            logger: quietLogger)
        self.driver = driver
        self.agent = agent
        self.loop = loop
        task = Task { try await agent.run() }
    }

    /// Ends the agent as a crash would, as far as its files show: nothing is finished. Returns what `run` threw.
    @discardableResult
    func endAgent() async -> (any Error)? {
        task?.cancel()
        let result = await task?.result
        task = nil
        agent = nil
        driver = nil
        loop?.stop()
        loop?.join()
        loop = nil
        if case .failure(let error) = result { return error }
        return nil
    }

    /// What the agent's run threw by itself.
    func failure() async -> (any Error)? {
        let result = await task?.result
        if case .failure(let error) = result { return error }
        return nil
    }

    func end() async {
        await endAgent()
        await conductor.stop()
    }

    func instance(_ id: ObjectID = .random()) -> Instance {
        var instance = Instance()
        instance.uuid = id
        instance.displayName = "web"
        instance.vcpus = 1
        instance.memoryMb = 128
        instance.rootGb = 1
        instance.image = image.object
        return instance
    }

    func directive(_ kind: OperationKind, _ instance: Instance, operation: ObjectID = .random()) -> Directive {
        var directive = Directive()
        directive.operationId = operation
        directive.kind = kind
        directive.instance = instance
        return directive
    }

    /// Sends a directive and waits for its report.
    @discardableResult
    func carryOut(_ kind: OperationKind, _ instance: Instance) async throws -> Report {
        let operation = ObjectID.random()
        _ = try await conductor.execute(directive(kind, instance, operation: operation))
        return try await conductor.report(of: operation)
    }
}

/// Runs a test against a harness and ends everything it started, however the test ends.
func withAgent(_ body: (AgentHarness) async throws -> Void) async throws {
    let harness = try await AgentHarness()
    let result: Result<Void, any Error>
    do {
        try harness.startAgent()
        try await harness.conductor.waitForHost()
        try await body(harness)
        result = .success(())
    } catch {
        result = .failure(error)
    }
    await harness.end()
    try result.get()
}
