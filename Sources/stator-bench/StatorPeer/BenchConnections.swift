internal import ComputeObjects
internal import StatorReactor
internal import StatorRPC

/// Opens connections to the server, each a channel of its own, which lives as long as the process.
struct BenchConnections {
    private static let attemptsAtOnce = 64

    let peer: PeerOptions
    let loop: EventLoop

    func open(_ count: Int) async throws -> [Connection] {
        var connections: [Connection] = []
        while connections.count < count {
            let channels = try (0..<min(Self.attemptsAtOnce, count - connections.count)).map { _ in try channel() }
            for channel in channels {
                loop.startTask { await channel.run() }
            }
            for channel in channels {
                connections.append(try await ready(channel))
            }
        }
        return connections
    }

    private func channel() throws(RPCError) -> Channel {
        try Channel(
            configuration: ChannelConfiguration(
                addresses: [peer.address], tls: peer.tls("compute-bench"), local: localEndpoint(),
                expectedPeer: .conductor, verifiesServerName: false),
            loop: loop, logger: .silent)
    }

    private func ready(_ channel: Channel) async throws -> Connection {
        let deadline = ContinuousClock.now.advanced(by: .seconds(30))
        while ContinuousClock.now < deadline {
            if let connection = channel.connection { return connection }
            try await Task.sleep(for: .milliseconds(1))
        }
        throw BenchError("the server at \(peer.address) does not answer")
    }
}
