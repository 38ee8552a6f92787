internal import ArgumentParser
internal import CommandOptions
internal import ComputeObjects
internal import Logging
internal import StatorReactor
internal import StatorRPC

/// Stator's side of the comparison, as a server: one loop on one thread.
struct ServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server", abstract: "Serve the measured methods until standard input ends.")

    @OptionGroup var peer: PeerOptions

    func run() async throws {
        ProcessMemory.tune()
        OpenFileLimit.raise()
        let loop = try startedLoop()
        // The limits are those that a daemon has, but for what the bench itself needs: many connections of one peer.
        let limits = ServerConfiguration.Limits(
            connectionsMax: PeerOptions.connectionsMax, connectionsPerPeerMax: PeerOptions.connectionsMax)
        let server = try Server(
            configuration: ServerConfiguration(
                address: SocketAddress(parsing: peer.address), tls: peer.tls("conductor-bench"),
                local: localEndpoint(), limits: limits),
            router: EchoMethods.router(on: loop), loop: loop, logger: .silent)
        let address = try await server.start()
        say("listening \(address.port ?? 0)")
        waitForEndOfInput()
    }
}

extension Logger {
    /// Handshakes that are cut off on purpose are no news.
    static var silent: Logger { Logger(label: "stator-bench", factory: { _ in SwiftLogNoOpLogHandler() }) }
}
