import ComputeMessages
import Logging
import StatorObjects
import StatorRPC
import StatorReactor
import StatorTLS
import StatorWire
import TestSupport
import Testing

extension TestCertificates.Paths {
    var configuration: TLSConfiguration {
        TLSConfiguration(
            certificateChainPath: certificateChainPath, privateKeyPath: privateKeyPath, trustRootsPath: trustRootsPath)
    }
}

let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

/// A loop of its own, on which the channels of a test live.
final class Clients: Sendable {
    let loop: EventLoop

    private init(loop: EventLoop) {
        self.loop = loop
    }

    static func with(_ body: (Clients) async throws -> Void) async throws {
        let loop = try EventLoop(label: "clients")
        try loop.start()
        let result: Result<Void, any Error>
        do { result = .success(try await body(Clients(loop: loop))) } catch { result = .failure(error) }
        loop.stop()
        loop.join()
        try result.get()
    }

    func withChannel(
        _ paths: TestCertificates.Paths? = nil, to addresses: [SocketAddress], logger: Logger = quiet,
        _ body: (Channel) async throws -> Void
    ) async throws {
        let channel = try Channel(
            configuration: ChannelConfiguration(
                addresses: addresses.map(\.description),
                tls: try (paths ?? TestCertificates.tls(class: "api", name: "api1")).configuration,
                local: LocalEndpoint(manifest: ComputeManifest.current, release: "0.1.0", serviceVersion: 1),
                expectedPeer: .conductor),
            loop: loop, logger: logger)
        let running = loop.startTask { await channel.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(channel)) } catch { result = .failure(error) }
        await channel.shutdown()
        await running.value
        try result.get()
    }

    /// So many channels, each with its connection.
    func withChannels(
        _ count: Int, _ paths: TestCertificates.Paths? = nil, to addresses: [SocketAddress], logger: Logger = quiet,
        _ body: ([Channel]) async throws -> Void
    ) async throws {
        try await withChannels(count, paths, to: addresses, logger: logger, having: [], body)
    }

    private func withChannels(
        _ count: Int, _ paths: TestCertificates.Paths?, to addresses: [SocketAddress], logger: Logger,
        having channels: [Channel], _ body: ([Channel]) async throws -> Void
    ) async throws {
        guard count > 0 else { return try await body(channels) }
        try await withChannel(paths, to: addresses, logger: logger) { channel in
            try await withChannels(
                count - 1, paths, to: addresses, logger: logger, having: channels + [channel], body)
        }
    }
}
