import Foundation
import RPCTestService
import StatorRPC

/// Wrong things about streams, messages and their amounts.
extension HostileKinds {
    static let streams = [
        HostileKind("a frame of a stream never opened", .goAway(1, "never opened"), sends: message(99)),
        HostileKind(
            "a WINDOW of a stream never opened", .goAway(1, "never opened"),
            sends: FrameBytes.frame(8, [0, 0, 0, 1], stream: 99)),
        HostileKind(
            "a CANCEL of the other side's stream", .goAway(1, "did not open"), sends: FrameBytes.frame(7, stream: 2)),
        HostileKind(
            "a STATUS on a stream of its own", .goAway(1, "of the peer's own"),
            sends: FrameBytes.open(TestMethods.wait, stream: 1), FrameBytes.frame(6, [0, 0, 0, 0], stream: 1)),
        HostileKind(
            "a stream number of the other side", .goAway(1, "of this side"),
            sends: FrameBytes.open(TestMethods.echo, stream: 2)),
        HostileKind(
            "stream numbers that go backwards", .goAway(1, "not a new one"),
            sends: FrameBytes.open(TestMethods.echo, stream: 5), FrameBytes.open(TestMethods.echo, stream: 3)),
        HostileKind(
            "the last of all stream numbers, then one more", .goAway(1, "not a new one"),
            sends: FrameBytes.open(TestMethods.echo, stream: .max), FrameBytes.open(TestMethods.echo, stream: .max)),
        HostileKind("frames of a stream that is over", .served) { peer in
            peer.send(FrameBytes.open(TestMethods.echo, stream: 1))
            peer.wait(until: .now.advanced(by: .seconds(5))) { $0.stream == 1 }
            peer.send(message(1) + FrameBytes.frame(8, [0, 0, 0, 1], stream: 1) + FrameBytes.frame(7, stream: 1))
        },
        HostileKind(
            "OPEN cut short", .goAway(1, "cut short"), sends: FrameBytes.frame(4, [1, 2], flags: 2, stream: 1)),
        HostileKind(
            "a method that is not there", .status(12, "no method with the number"),
            sends: FrameBytes.frame(4, FrameBytes.bytes(16), flags: 2, stream: 1)),
        HostileKind(
            "a method that nobody may call", .status(7, "may not call"),
            sends: FrameBytes.open(TestMethods.nobody, stream: 1)),
        HostileKind(
            "a request that cannot be read", .status(3, ""),
            sends: FrameBytes.open(TestMethods.echo, stream: 1, message: [0x0A, 0xFF, 0xFF, 0xFF])),
        HostileKind(
            "a call without its request", .status(3, "without its request"),
            sends: FrameBytes.open(TestMethods.wait, stream: 1, message: [], flags: 18)),
        HostileKind("more streams than may be", as: .ofItsOwn, .status(8, "")) { peer in
            peer.send((0..<1_100).flatMap { FrameBytes.open(TestMethods.wait, stream: UInt32(2 * $0 + 1)) })
        },
    ]

    private static func message(
        _ stream: UInt32, _ payload: [UInt8] = FrameBytes.request, flags: UInt8 = 0
    ) -> [UInt8] {
        FrameBytes.frame(5, payload, flags: flags, stream: stream)
    }

    private static func unread(_ stream: UInt32) -> [UInt8] {
        FrameBytes.open(TestMethods.ignore, stream: stream, message: [], flags: FrameBytes.noMessage)
    }

    static let messages = [
        HostileKind(
            "a message after the last one", .goAway(1, "after its last one"),
            sends: FrameBytes.open(TestMethods.wait, stream: 1), message(1)),
        HostileKind(
            "MORE with END_STREAM", .goAway(1, "continues its message"),
            sends: FrameBytes.open(TestMethods.ignore, stream: 1, flags: 3)),
        HostileKind(
            "NO_MESSAGE with some of one", .goAway(1, "without message"),
            sends: FrameBytes.open(TestMethods.ignore, stream: 1, flags: 16)),
        HostileKind("an empty part", .goAway(1, "an empty part"), sends: unread(1), message(1, [], flags: 1)),
        HostileKind(
            "the end of a request within a message", .goAway(1, "within a message"),
            sends: unread(1), message(1, flags: 1), message(1, [], flags: 18)),
        HostileKind("a message of more than 4 MiB", .goAway(2, "more than 4194304")) { peer in
            peer.send(FrameBytes.open(TestMethods.ignore, stream: 1, flags: FrameBytes.more))
            sendUntilRefused(peer, message(1, FrameBytes.bytes(FrameBytes.payloadMax), flags: 1), count: 300)
        },
        HostileKind("five long messages at once", .goAway(2, "more than 4 messages of several frames")) { peer in
            for number in 0..<5 {
                peer.send(FrameBytes.open(TestMethods.ignore, stream: UInt32(2 * number + 1), flags: FrameBytes.more))
            }
        },
        HostileKind("more than a stream's credit", .goAway(2, "although the window was used up")) { peer in
            peer.send(unread(1))
            sendUntilRefused(peer, message(1, FrameBytes.bytes(FrameBytes.payloadMax)), count: 20)
        },
        HostileKind("more than the connection's credit", .goAway(2, "the connection's window was used up")) { peer in
            for number in 0..<12 {
                peer.send(unread(UInt32(2 * number + 1)))
                sendUntilRefused(
                    peer, message(UInt32(2 * number + 1), FrameBytes.bytes(FrameBytes.payloadMax)), count: 14)
            }
        },
        HostileKind(
            "a WINDOW that grants nothing", .goAway(1, "grants nothing"), sends: FrameBytes.frame(8, [0, 0, 0, 0])),
        HostileKind(
            "a WINDOW above its limit", .goAway(2, "a window of more than 16777216"),
            sends: FrameBytes.frame(8, [0xFF, 0xFF, 0xFF, 0xFF])),
        HostileKind(
            "a stream's WINDOW above its limit", .goAway(2, "a window of more than 16777216"),
            sends: FrameBytes.open(TestMethods.wait, stream: 1), FrameBytes.frame(8, [0xFF, 0, 0, 0], stream: 1)),
    ]

    private static func sendUntilRefused(_ peer: HostilePeer, _ bytes: [UInt8], count: Int) {
        var left = count
        while left > 0, peer.send(bytes) { left -= 1 }
    }

    static let floods = [
        HostileKind("calls opened and cancelled at once", as: .ofItsOwn, .served, within: .seconds(20)) { peer in
            for batch in 0..<100 {
                let pairs = (0..<100).flatMap { number in
                    let stream = UInt32(2 * (batch * 100 + number) + 1)
                    return FrameBytes.open(TestMethods.wait, stream: stream) + FrameBytes.frame(7, stream: stream)
                }
                guard peer.send(pairs) else { return }
                peer.look()
            }
        },
        HostileKind("PINGs whose answers are not read", receivesLittle: true, .end, within: .seconds(20)) { peer in
            let pings = (0..<2_000).flatMap { _ in FrameBytes.frame(9, FrameBytes.bytes(8)) }
            sendUntilRefused(peer, pings, count: 2_000)
        },
        HostileKind("much asked for and never read", receivesLittle: true, .end, within: .seconds(12)) { peer in
            peer.send(FrameBytes.frame(8, FrameBytes.number(15 << 20)))
            for number in 0..<8 {
                let stream = UInt32(2 * number + 1)
                peer.send(FrameBytes.open(TestMethods.bulk, stream: stream))
                peer.send(FrameBytes.frame(8, FrameBytes.number(15 << 20), stream: stream))
            }
            // Alive, but for its reading.
            var left = 60
            while left > 0, peer.send(FrameBytes.frame(9, FrameBytes.bytes(8))) {
                left -= 1
                usleep(100_000)
            }
        },
        HostileKind("new keys again and again", .end, within: .seconds(20)) { peer in
            var left = 2_000
            while left > 0, peer.updateKeys() {
                left -= 1
                if left % 50 == 0 { peer.look() }
            }
        },
        HostileKind("new keys whose answers are not read", receivesLittle: true, .end, within: .seconds(20)) { peer in
            var left = 200_000
            while left > 0, peer.updateKeys() { left -= 1 }
        },
        HostileKind("a peer that looks dead", .goAway(3, "does not answer"), within: .seconds(10)) {
            $0.answersPings = false
        },
        HostileKind("WINDOWs without end", .served, within: .seconds(20)) { peer in
            // Of a stream that is over: each is looked at and ignored.
            peer.send(FrameBytes.open(TestMethods.echo, stream: 1))
            peer.wait(until: .now.advanced(by: .seconds(5))) { $0.stream == 1 }
            let windows = (0..<1_000).flatMap { _ in FrameBytes.frame(8, [0, 0, 0, 1], stream: 1) }
            sendUntilRefused(peer, windows, count: 100)
        },
    ]
}
