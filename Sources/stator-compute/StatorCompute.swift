internal import ArgumentParser
internal import CommandOptions
internal import ComputeAgent
internal import ComputeObjects
internal import Foundation
internal import Logging
internal import ServiceLifecycle
internal import StatorReactor
internal import StatorTLS
internal import UnixSignals

@main
struct StatorCompute: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stator-compute",
        abstract: "Runs the instances that a conductor places on this host.",
        version: Release.current,
        subcommands: [Serve.self],
        defaultSubcommand: Serve.self)
}

struct Serve: AsyncParsableCommand {
    enum DriverChoice: String, ExpressibleByArgument, CaseIterable {
        case qemu
        case fake
    }

    enum AcceleratorChoice: String, ExpressibleByArgument, CaseIterable {
        case auto
        case kvm
        case tcg
    }

    static let configuration = CommandConfiguration(
        abstract: "Connects to a conductor and carries out its directives until it is told to stop.",
        discussion: "SIGTERM and SIGINT stop it in order: what runs is finished. Guests run on without it.")

    @Option(help: ArgumentHelp("A conductor's address; repeat it to name several.", valueName: "host:port"))
    var conductor: [AddressArgument]

    @Option(help: ArgumentHelp("The host's own files. Made when missing; for one agent only.", valueName: "folder"))
    var stateDirectory: String

    @Option(help: ArgumentHelp("The images that instances can be made from.", valueName: "folder"))
    var imageDirectory: String

    @Option(help: "What runs the guests: \(DriverChoice.allCases.map(\.rawValue).joined(separator: " or ")).")
    var driver: DriverChoice = .qemu

    @Option(help: "How QEMU runs them; auto is KVM where it works.")
    var accelerator: AcceleratorChoice = .auto

    @Option(help: "Virtual processors for instances. Default: the machine's processors.")
    var vcpus: UInt32?

    @Option(help: "Memory for instances, in MiB. Default: the machine's memory.")
    var memoryMb: UInt32?

    @Option(help: "Disk space for instances, in GiB. Default: the size of the file system.")
    var diskGb: UInt32?

    @Option(help: "Seconds that a guest has to power itself off before it is turned off.")
    var acpiTimeout: UInt32 = 10

    @Option(help: ArgumentHelp("Milliseconds that a build takes with the fake driver.", visibility: .hidden))
    var fakeBuildDelayMs: UInt32 = 0

    @OptionGroup(title: "Identity")
    var tls: TLSOptions

    @OptionGroup(title: "Logging")
    var log: LogOptions

    func validate() throws {
        guard !conductor.isEmpty else {
            throw ValidationError("no conductor was named; give --conductor HOST:PORT at least once")
        }
    }

    func run() async throws {
        OpenFileLimit.raise()
        try await serve()
    }

    nonisolated private func serve() async throws {
        let logger = log.makeLogger(label: "stator-compute")
        let tls = try tls.configuration()
        let loop = try EventLoop(label: "compute")
        let name = try AgentCertificate.hostName(certificatePath: tls.certificateChainPath)
        let directory = try StateDirectory(path: absolute(stateDirectory))
        let identity = try HostIdentity.load(from: directory, certificateName: name)
        var configuration = AgentConfiguration(
            conductorAddresses: conductor.map(\.text), tls: tls, imageDirectory: absolute(imageDirectory))
        configuration.vcpus = vcpus
        configuration.memoryMb = memoryMb
        configuration.localGb = diskGb
        configuration.acpiTimeout = .seconds(Int64(acpiTimeout))
        // A guest that is being waited for may take all of it, and its end is still to be written down.
        configuration.stopTimeout = .seconds(Int64(acpiTimeout) + 20)
        try loop.start()
        let agent = try Agent(
            configuration, directory: directory, identity: identity, driver: try makeDriver(directory), loop: loop,
            logger: logger)
        let services = ServiceGroup(
            services: [AgentService(agent: agent)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await services.run()
        loop.stop()
        loop.join()
    }

    nonisolated private func makeDriver(_ directory: StateDirectory) throws -> any Driver {
        switch driver {
        case .fake:
            var behaviour = FakeDriver.Behaviour()
            behaviour.buildDelay = .milliseconds(Int64(fakeBuildDelayMs))
            return try FakeDriver(path: directory.fakeGuestsPath, behaviour: behaviour)
        case .qemu:
            var configuration = QEMUDriver.Configuration(folder: directory.instancesPath)
            configuration.accelerator = QEMUCommandLine.Accelerator(rawValue: accelerator.rawValue)
            return try QEMUDriver(configuration)
        }
    }

    nonisolated private func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path
    }
}

/// The agent as what is told of the signals; an orderly stop begins with one.
private struct AgentService: Service {
    let agent: Agent

    func run() async throws {
        try await agent.run()
    }
}
