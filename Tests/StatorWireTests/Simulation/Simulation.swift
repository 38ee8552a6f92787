import StatorWire

/// Two honest sides and a network between them that cuts, delays and ends as a seed says.
struct Simulation {
    private var random: Random
    private let world = SimulatedPeer.World()
    private let peers: [SimulatedPeer]
    /// How many calls, how often consumers consume and how much goes over the network at a time, in this run.
    private let callsMax: Int
    private let consumption: Int
    private let pieceMax: Int

    init(seed: UInt64) {
        random = Random(seed: seed)
        callsMax = 1 + random.below(40)
        consumption = [1, 1, 3, 30][random.below(4)]
        pieceMax = [3, 100, 2_000, 40_000, 1_000_000][random.below(5)]
        let idleTimeout: Duration? = random.oneIn(3) ? .seconds(5 + random.below(60)) : nil
        peers = [
            SimulatedPeer(.dialler, world: world, idleTimeout: idleTimeout),
            SimulatedPeer(.acceptor, world: world, idleTimeout: idleTimeout),
        ]
    }

    /// Runs from the first byte to the end of both sides; throws when a promise was broken.
    static func run(seed: UInt64) throws {
        var simulation = Simulation(seed: seed)
        try simulation.run()
    }

    private mutating func run() throws {
        // Now and then the connection ends in the middle of the handshake.
        if !random.oneIn(20) { try exchange(until: { peers in peers.allSatisfy(\.isReady) }) }
        for _ in 0..<random.below(500) where !peers[0].isClosed && !peers[1].isClosed { try step() }
        if peers.contains(where: \.isClosed) {
            try finishClosed()
            return try checkEnds()
        }
        switch random.below(6) {
        case 0: try lose()
        case 1:
            peers[random.below(2)].wire.close(.unavailable, "simulated")
            try finishClosed()
        default: try finish()
        }
        try checkEnds()
    }

    private mutating func step() throws {
        let index = random.below(2)
        let (peer, other) = (peers[index], peers[1 - index])
        switch random.below(24) {
        case 0..<5: _ = peer.send(1 + random.below(random.oneIn(3) ? 20 : pieceMax))
        case 5..<10: try deliver(from: peer, to: other, 1 + random.below(random.oneIn(3) ? 20 : pieceMax))
        case 10..<13: try openOne(peer)
        case 13..<16:
            if let call = random.pick(sorted(peer.made)) { _ = try peer.request(call) }
        case 16..<19:
            if let call = random.pick(sorted(peer.served)) { _ = try peer.respond(call) }
        case 19, 20:
            if random.oneIn(consumption) { _ = peer.consume() }
        case 21: try passTime()
        case 22:
            if random.oneIn(8), let call = random.pick(sorted(peer.made)) { try peer.cancel(call) }
        default:
            if random.oneIn(150) { peer.drain() }
        }
        try peer.handleEvents()
        try peer.checkBounds()
    }

    /// Dictionaries have no order that a seed repeats.
    private func sorted(_ calls: [StreamID: SimulatedCall]) -> [SimulatedCall] {
        calls.values.sorted { $0.number < $1.number }
    }

    private mutating func openOne(_ peer: SimulatedPeer) throws {
        guard world.calls.count < callsMax, peer.isReady else { return }
        let call = SimulatedCall(number: world.calls.count, random: &random)
        world.calls.append(call)
        try peer.open(call)
    }

    private mutating func deliver(from peer: SimulatedPeer, to other: SimulatedPeer, _ countMax: Int) throws {
        guard !peer.link.isEmpty else { return }
        let piece = Array(peer.link.prefix(countMax))
        peer.link.removeFirst(piece.count)
        try other.receive(piece)
    }

    /// Time passes, by less than what a peer may be silent for; timers come late, early and out of order.
    private mutating func passTime() throws {
        let isLong = random.oneIn(5)
        if isLong { try exchange(until: { _ in true }) }
        world.now = world.now.advanced(by: .milliseconds(random.below(isLong ? 9_000 : 600)))
        for peer in random.oneIn(2) ? peers : peers.reversed() {
            if random.oneIn(3) { continue }
            try peer.timer()
        }
        // Both hear of each other again before one must think that the other has vanished.
        if isLong || random.oneIn(4) { try exchange(until: { _ in true }) }
    }

    /// All that waits goes over, in pieces, until nothing does and the condition holds.
    private mutating func exchange(until isDone: ([SimulatedPeer]) -> Bool) throws {
        for _ in 0..<200_000 {
            var hasMoved = false
            for (peer, other) in [(peers[0], peers[1]), (peers[1], peers[0])] {
                if peer.send(1 + random.below(max(pieceMax, 4_000))) > 0 { hasMoved = true }
                if !peer.link.isEmpty {
                    try deliver(from: peer, to: other, 1 + random.below(max(pieceMax, 4_000)))
                    hasMoved = true
                }
                try peer.handleEvents()
            }
            if !hasMoved, isDone(peers) { return }
            if !hasMoved { throw BrokenPromise("nothing moves: \(describe())") }
        }
        throw BrokenPromise("bytes without end")
    }

    // The ends of a run

    /// The connection is lost at some byte, at each side on its own.
    private mutating func lose() throws {
        for (peer, other) in [(peers[0], peers[1]), (peers[1], peers[0])] {
            _ = peer.send(random.below(pieceMax + 1))
            try deliver(from: peer, to: other, random.below(peer.link.count + 1))
        }
        for peer in random.oneIn(2) ? peers : peers.reversed() { try peer.lose() }
    }

    /// One side has closed: the other hears of it from its GOAWAY, or from the end of the connection.
    private mutating func finishClosed() throws {
        world.mayGiveUp = true
        for peer in peers { try peer.handleEvents() }
        if random.oneIn(2) { try exchange(until: { _ in true }) }
        for peer in peers { try peer.lose() }
    }

    /// Every program ends what it began: then nothing is left, of calls, bytes and credit.
    private mutating func finish() throws {
        try exchange(until: { peers in peers.allSatisfy(\.isReady) })
        let drains = random.oneIn(2)
        if drains { peers[random.below(2)].drain() }
        if drains, random.oneIn(3) { peers[random.below(2)].drain() }
        var rounds = 0
        while !peers.allSatisfy(\.isAtRest), !peers.contains(where: \.isClosed) {
            rounds += 1
            guard rounds < 10_000 else { throw BrokenPromise("calls do not end: \(describe())") }
            for peer in peers {
                for call in sorted(peer.made) { while try peer.request(call) {} }
                for call in sorted(peer.served) { while try peer.respond(call) {} }
                while peer.consume() {}
                try peer.handleEvents()
                try peer.checkBounds()
            }
            try exchangeOnce()
        }
        guard !peers.contains(where: \.isClosed) else {
            throw BrokenPromise("closed: \(peers.compactMap(\.close))")
        }
        try checkRest(isDraining: peers.contains(where: \.toldToDrain))
    }

    private mutating func exchangeOnce() throws {
        for (peer, other) in [(peers[0], peers[1]), (peers[1], peers[0])] {
            _ = peer.send(1 + random.below(100_000))
            try deliver(from: peer, to: other, 1 + random.below(100_000))
            // What was put out may have been the last of a stream.
            try peer.handleEvents()
        }
    }

    private func describe() -> String {
        peers.map { "\($0.name) made \($0.made.count) serves \($0.served.count) \($0.wire.accounts)" }
            .joined(separator: "; ")
    }

    private mutating func checkRest(isDraining: Bool) throws {
        for (peer, other) in [(peers[0], peers[1]), (peers[1], peers[0])] {
            let (ours, theirs) = (peer.wire.accounts, other.wire.accounts)
            guard peer.wire.openedStreamCount == 0, peer.wire.acceptedStreamCount == 0, ours.heldCredit == 0,
                ours.queuedBytes == 0, ours.assembledBytes == 0, ours.sendCredit == theirs.receiveCredit
            else { throw BrokenPromise("\(peer.name) is not at rest: \(ours), the other side \(theirs)") }
            if isDraining, !peer.isDrained { throw BrokenPromise("\(peer.name) has not drained") }
            if isDraining || peer.wire.isGoingAway { continue }
            // Everything works as at the beginning.
            guard peer.wire.hasRoom(isPriority: false) else { throw BrokenPromise("\(peer.name) has no room at rest") }
        }
    }

    /// Each call that was opened has ended once on each side on which it began.
    private func checkEnds() throws {
        for call in world.calls where call.isOpenerRunning || call.isAcceptorRunning {
            throw call.broken("not ended: \(call.opener), \(call.acceptor)")
        }
    }
}
