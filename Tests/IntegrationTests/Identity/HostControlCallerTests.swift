import ClusterSupport
import ComputeObjects
import Logging
import StatorReactor
import StatorRPC
import StatorTLS
import TestSupport
import Testing

/// Who may direct a host: what it dials has to be a conductor of its deployment.
@Suite struct HostControlCallerTests {
    @Test(arguments: [CallerClass.api, .compute, .operator, .user])
    func `a host that reaches somebody other than a conductor says so and takes no call`(
        callerClass: CallerClass
    ) async throws {
        let loop = try EventLoop(label: "impostor")
        try loop.start()
        defer {
            loop.stop()
            loop.join()
        }
        // The name of a real conductor does not help: the class is in the certificate too.
        let paths = try TestCertificates.tls(class: callerClass.rawValue, name: "conductor1")
        let impostor = try Server(
            configuration: ServerConfiguration(
                address: SocketAddress(parsing: "127.0.0.1:0"), tls: Self.configuration(paths), local: localEndpoint()),
            router: CallRouter(), loop: loop,
            logger: Logger(label: "impostor", factory: { _ in SwiftLogNoOpLogHandler() }))
        let address = try await impostor.start()
        let running = loop.startTask { try? await impostor.run() }

        let directory = try TemporaryDirectory()
        let host = try TestCertificates.tls(class: "compute", name: "host1")
        let agent = try ChildProcess(
            built: "stator-compute",
            arguments: [
                "serve", "--conductor", "\(address)", "--driver", "fake", "--state-directory", directory.file("state"),
                "--image-directory", TestImage.writeSmall(in: directory), "--certificate", host.certificateChainPath,
                "--private-key", host.privateKeyPath, "--ca", host.trustRootsPath,
            ])
        defer { agent.kill9() }
        // A certificate that is not made for servers fails in TLS already; an API's is, and fails by its class.
        let reason = callerClass == .api ? "is of class api, not conductor" : "cannot connect"
        try await agent.waitForOutput(reason)
        #expect(!agent.errorOutput.contains(" ready"))
        await impostor.shutdown()
        await running.value
    }

    private static func configuration(_ paths: TestCertificates.Paths) -> TLSConfiguration {
        TLSConfiguration(
            certificateChainPath: paths.certificateChainPath, privateKeyPath: paths.privateKeyPath,
            trustRootsPath: paths.trustRootsPath)
    }
}
