package import Logging
package import StatorReactor
package import StatorRPC
package import StatorTLS

/// Connections to other conductors, each made when it is first needed.
///
/// On the loop.
package actor PeerConductors {
    private struct Peer {
        var address: String
        var channel: Channel
    }

    nonisolated let loop: EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let tls: TLSConfiguration
    private let local: LocalEndpoint
    private let ownName: String
    private let logger: Logger
    private var peers: [String: Peer] = [:]
    /// Channels whose `run()` is to be begun.
    private let begun: AsyncStream<Channel>
    private let beginning: AsyncStream<Channel>.Continuation
    private var isStopping = false

    package init(
        tls: TLSConfiguration, local: LocalEndpoint, ownName: String, loop: EventLoop, logger: Logger
    ) {
        self.tls = tls
        self.local = local
        self.ownName = ownName
        self.loop = loop
        self.logger = logger
        (begun, beginning) = AsyncStream.makeStream(of: Channel.self)
    }

    /// Keeps the channels connected until `stop()`.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await channel in begun {
                group.addTask { await channel.run() }
            }
            group.cancelAll()
        }
    }

    package func stop() async {
        isStopping = true
        beginning.finish()
        for peer in peers.values {
            await peer.channel.shutdown()
        }
        peers = [:]
    }

    /// The channel to a conductor; a conductor that has moved gets a new one.
    func channel(to name: String, at address: String) async throws -> Channel {
        guard !isStopping, name != ownName else {
            throw ConductorError(.hostUnreachable, "the server's host is not connected at the moment")
        }
        let former = peers[name]
        if let former, former.address == address { return former.channel }
        let channel = try Channel(
            configuration: ChannelConfiguration(
                addresses: [address], tls: tls, local: local, expectedPeer: .conductor),
            loop: loop, logger: logger)
        peers[name] = Peer(address: address, channel: channel)
        beginning.yield(channel)
        if let former { await former.channel.shutdown() }
        return channel
    }
}
