import StatorWire

/// Two ends that talk with each other, and what each may expect of the other.
final class Scene {
    let dialler: Side
    let acceptor: Side
    var now = WireInstant.now
    /// Nobody has put bytes between the two that neither wrote.
    var isHonest = true
    /// What may still be sent, so that a program of a few bytes does not move gigabytes.
    var budget: Int
    /// How many calls each side opens at most.
    let callsMax: Int
    private var seed: UInt8 = 0

    init(_ flags: UInt8) {
        var timing = WireTiming()
        if flags & 1 != 0 { timing.idleTimeout = .seconds(30) }
        // Near the end of the streams' numbers, of which there are 2^31 on each side.
        let before: UInt32 = flags & 2 != 0 ? (1 << 31) - 40 : 0
        dialler = Side(.dialler, timing: timing, now: now, streamsBefore: before)
        acceptor = Side(.acceptor, timing: timing, now: now, streamsBefore: before)
        // Enough for the connection's window, and for all streams, where a program asks for it; most are quick.
        budget = flags & 32 != 0 ? WireLimits.initialConnectionWindow + (1 << 18) : 1 << 17
        callsMax = flags & 64 != 0 ? WireLimits.streamsMax + 2 * WireLimits.priorityStreamsMax : 128
        dialler.wantsManifest = flags & 4 != 0
        acceptor.wantsManifest = flags & 8 != 0
    }

    func peer(of side: Side) -> Side { side === dialler ? acceptor : dialler }

    /// A message of the wanted length, or of none when enough was sent.
    func message(_ choice: UInt8) -> PatternMessage {
        seed &+= 1
        var length = MessageLength.choose(choice)
        if length > budget { length = 1 }
        budget -= length
        // The exact length is announced when a message is longer than a frame.
        let slack = length + 64 < WireLimits.framePayloadLengthMax - 64 ? Int(choice >> 4) * 4 : 0
        return PatternMessage(length: length, seed: seed, slack: slack)
    }

    // MARK: Bytes and time

    /// Returns how many bytes moved.
    @discardableResult
    func deliver(from side: Side, _ countMax: Int = .max) -> Int {
        let peer = peer(of: side)
        var left = countMax
        while left > 0 {
            let count = side.send(to: peer, left, now: now) { take($0, in: $1, at: peer) }
            if count == 0 { break }
            left -= count
        }
        return countMax - left
    }

    /// Moves bytes both ways until none waits.
    func settle() {
        var rounds = 0
        while deliver(from: dialler) + deliver(from: acceptor) > 0 {
            rounds += 1
            require(rounds < 10_000, "the two ends never come to rest")
        }
    }

    func takeEvents(at side: Side) {
        side.takeEvents(now: now) { take($0, in: $1, at: side) }
    }

    func pass(_ duration: Duration) {
        now = now.advanced(by: duration)
        for side in [dialler, acceptor] {
            side.wire.timer(now: now)
            takeEvents(at: side)
            if let wakeUp = side.wire.wakeUp {
                require(wakeUp > now, "a timer that is due again at once")
            } else {
                require(side.wire.isClosed, "a connection that never wakes up")
            }
        }
    }

    func checkBounds() {
        dialler.checkBounds()
        acceptor.checkBounds()
    }
}
