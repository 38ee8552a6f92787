import Foundation
import RPCTestService
import StatorRPC
import StatorReactor
import Synchronization
import TestSupport
import Testing

/// Peers that each do one wrong thing, all at once, beside a client that does none.
@Suite(.serialized) struct HostilePeerTests {
    /// At a time: each kind once, and some again.
    private static let peersCount = Scale.count("STATOR_RPC_HOSTILE_PEERS", short: 100, full: 100)
    private static let rounds = Scale.count("STATOR_RPC_HOSTILE_ROUNDS", short: 1, full: 5)
    /// Those whose names have these words; all when there are none.
    private static let kinds = HostileKinds.all.filter { kind in
        Scale.text("STATOR_RPC_HOSTILE").map { kind.name.contains($0) } ?? true
    }

    init() {
        signal(SIGPIPE, SIG_IGN)
    }

    @Test func `each hostile peer gets the documented answer, and a client beside them none of it`() async throws {
        let server = try await ServerProcess.start(options: HostileKinds.options, log: "critical")
        // Nobody attacks it: what its client feels is the attackers' use of these cores.
        let control = try await ServerProcess.start()
        let before = try server.residentKiB
        try await Clients.with { clients in
            try await clients.withChannel(to: [control.address]) { controlChannel in
                try await clients.withChannel(to: [server.address]) { channel in
                    let channels = [channel, controlChannel]
                    _ = try await measureEach(channels, for: .milliseconds(500), clients)
                    let alone = try await measureEach(channels, for: .seconds(Scale.isFull ? 10 : 2), clients)
                    let (wrong, beside) = try await attack(server.address, beside: channels, clients)
                    report(
                        "hostile peers: \(Self.kinds.count) kinds, \(Self.rounds) times \(Self.peersCount) at once, "
                            + "\(wrong.count) answered wrongly; server \(before) KiB before, at most "
                            + "\(try server.residentPeakKiB)")
                    report("hostile peers: client alone \(alone[0].summary); beside them \(beside[0].summary)")
                    report("hostile peers: client of a server not attacked meanwhile \(beside[1].summary)")
                    #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
                    #expect(beside[0].all.count > 100)
                    let usual = max(alone[0].share(0.99), beside[1].share(0.99))
                    if Scale.isFull { #expect(beside[0].share(0.99) <= usual * 2) }
                }
            }
        }
        try await server.drain()
        try await control.drain()
    }

    /// Returns what was not as documented, and what the channels' calls took meanwhile.
    private func attack(
        _ address: SocketAddress, beside channels: [Channel], _ clients: Clients
    ) async throws -> ([String], [Latencies]) {
        var wrong: [String] = []
        var beside = channels.map { _ in Latencies() }
        for _ in 0..<Self.rounds {
            let isOver = Atomic<Bool>(false)
            async let measured = measureUntil(channels, clients) { isOver.load(ordering: .relaxed) }
            wrong += await attackAll(address)
            isOver.store(true, ordering: .relaxed)
            for (index, latencies) in try await measured.enumerated() { beside[index].add(latencies) }
        }
        return (wrong, beside)
    }

    /// Returns what was not as documented.
    private func attackAll(_ address: SocketAddress) async -> [String] {
        let group = DispatchGroup()
        let wrong = Mutex<[String]>([])
        let kinds = (0..<Self.peersCount).map { Self.kinds[$0 % Self.kinds.count] }.shuffled()
        await withCheckedContinuation { continuation in
            for kind in kinds {
                group.enter()
                Thread.detachNewThread {
                    // The attackers' own work is not what the client beside them is to feel: they are elsewhere.
                    setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
                    let begin = ContinuousClock.now
                    let result = Result { try kind.carryOut(against: address) }
                    let seen: String? =
                        switch result {
                        case .success(let disagreement): disagreement
                        case .failure(let error): "\(error)"
                        }
                    if let seen {
                        wrong.withLock { $0.append("\(kind.name): \(seen) (\(text(begin.duration(to: .now))))") }
                    }
                    group.leave()
                }
            }
            group.notify(queue: .global()) { continuation.resume() }
        }
        return wrong.withLock { $0 }
    }

    private func measureUntil(
        _ channels: [Channel], _ clients: Clients, _ isOver: @escaping @Sendable () -> Bool
    ) async throws -> [Latencies] {
        var all = channels.map { _ in Latencies() }
        while !isOver() {
            let measured = try await measureEach(channels, for: .milliseconds(250), clients)
            for (index, latencies) in measured.enumerated() { all[index].add(latencies) }
        }
        return all
    }

    private func measureEach(
        _ channels: [Channel], for duration: Duration, _ clients: Clients
    ) async throws -> [Latencies] {
        async let second = measure(channels[1], callers: 4, for: duration, on: clients)
        let first = try await measure(channels[0], callers: 4, for: duration, on: clients)
        return [first, try await second]
    }
}
