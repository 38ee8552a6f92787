import COpenSSL
import Foundation
import RPCTestService
import TestSupport

/// Every wrong thing that is tried, with its documented answer.
enum HostileKinds {
    /// Of the server that they meet.
    static let options = ["handshake-timeout": 6_000, "ping-interval": 1_500, "ping-timeout": 1_500]
    /// What a peer gets that is not heard of for so long.
    private static let handshakeOver: Duration = .seconds(12)

    static let all: [HostileKind] = beforeTLS + duringTLS + duringHello + frames + streams + messages + floods

    private static let beforeTLS = [
        HostileKind("garbage in place of TLS", as: .none, .end) { $0.send([UInt8]("GET / HTTP/1.1\r\n\r\n".utf8)) },
        HostileKind("a HELLO without TLS", as: .none, .end) { $0.send(FrameBytes.hello()) },
        HostileKind("random bytes in place of TLS", as: .none, .end) { peer in
            peer.send((0..<4_096).map { _ in UInt8.random(in: 0...255) })
        },
        HostileKind("silence after connecting", as: .none, .end, within: handshakeOver) { _ in },
        HostileKind("half a ClientHello, byte by byte", as: .none, .end, within: handshakeOver) { peer in
            peer.drip([0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3, 7, 7, 7, 7, 7], every: 500, upTo: 16)
        },
        HostileKind("a ClientHello of 16 MiB", as: .none, .end) { peer in
            peer.send([0x16, 3, 1, 0x40, 0, 1, 0xFF, 0xFF, 0xFF] + FrameBytes.bytes(16_380))
        },
    ]

    private static let duringTLS = [
        HostileKind("TLS 1.2", as: .none, .alert(70)) {
            try $0.secure(hostile(), versionMax: TLS1_2_VERSION, by: .now.advanced(by: .seconds(5)))
        },
        HostileKind("another protocol in ALPN", as: .none, .alert(120)) {
            try $0.secure(hostile(), offers: "h2", by: .now.advanced(by: .seconds(5)))
        },
        HostileKind("no protocol in ALPN", as: .none, .alert(120)) {
            try $0.secure(hostile(), offers: nil, by: .now.advanced(by: .seconds(5)))
        },
        HostileKind("no certificate", as: .missing, .alert(116)) { _ in },
        HostileKind("an expired certificate", as: .expired, .alert(45)) { _ in },
        HostileKind("a certificate of another authority", as: .otherAuthority, .alert(48)) { _ in },
        HostileKind(
            "a certificate without identity", as: .withoutIdentity, isGreeted: false, .goAway(4, "no stator://")
        ) { _ in
        },
        HostileKind("a record that is not encrypted", .alert(20)) {
            $0.sendPlain([0x17, 3, 3, 0, 32] + FrameBytes.bytes(32))
        },
        HostileKind("the end without a word", .end) { $0.halfClose() },
        HostileKind("the end of TLS", .end) { $0.shutdownTLS() },
    ]

    private static func hostile() throws -> TestCertificates.Paths {
        try TestCertificates.tls(class: "api", name: "hostile")
    }

    private static let unknownFingerprint = [UInt8](repeating: 9, count: 32)

    private static func beforeHello(
        _ name: String, _ answer: HostileKind.Answer, within timeout: Duration = .seconds(5), _ bytes: [UInt8]
    ) -> HostileKind {
        HostileKind(name, isGreeted: false, answer, within: timeout) { $0.send(bytes) }
    }

    private static let duringHello = [
        beforeHello("silence after TLS", .goAway(3, "HELLO did not come in time"), within: handshakeOver, []),
        beforeHello("garbage after TLS", .goAway(2, "the limit is"), [UInt8]("GET / HTTP/1.1\r\n\r\n".utf8)),
        HostileKind(
            "HELLO byte by byte", isGreeted: false, .goAway(3, "HELLO did not come in time"), within: handshakeOver
        ) { $0.drip(FrameBytes.hello(), every: 500, upTo: 16) },
        beforeHello(
            "HELLO without end", .goAway(2, "the limit is 1024"), FrameBytes.frame(1, FrameBytes.bytes(4_096))),
        beforeHello("HELLO cut short", .goAway(1, "cut short"), FrameBytes.frame(1, [0, 1, 0, 0])),
        beforeHello("HELLO with reserved bytes", .goAway(1, "reserved"), FrameBytes.hello(reserved: [0, 1])),
        beforeHello("HELLO of version 0", .goAway(1, "version"), FrameBytes.hello(version: [0, 0])),
        beforeHello(
            "HELLO of a version that is not spoken", .goAway(1, "here"),
            FrameBytes.hello(version: [0, 9], extensions: [0, 1, 0, 2, 0, 8])),
        beforeHello("HELLO with a cut extension", .goAway(1, "cut short"), FrameBytes.hello(extensions: [0, 7, 0, 9])),
        beforeHello("HELLO twice", .goAway(1, "a second HELLO"), FrameBytes.hello() + FrameBytes.hello()),
        beforeHello("a call before HELLO", .goAway(1, "before HELLO"), FrameBytes.open(TestMethods.echo, stream: 1)),
        beforeHello(
            "a call before the manifest", .goAway(1, "before HELLO and manifest"),
            FrameBytes.hello(fingerprint: unknownFingerprint) + FrameBytes.open(TestMethods.echo, stream: 1)),
        beforeHello("a manifest before HELLO", .goAway(1, "before HELLO"), FrameBytes.frame(3, [1, 2])),
        beforeHello(
            "a manifest that was not asked for", .goAway(1, "not asked for"),
            FrameBytes.hello() + FrameBytes.frame(3, [1])),
        beforeHello(
            "a manifest of another fingerprint", .goAway(1, "is not the one"),
            FrameBytes.hello(fingerprint: unknownFingerprint) + FrameBytes.frame(3, [7])),
        HostileKind("a manifest without end", isGreeted: false, .goAway(2, "a manifest of more than 65536")) { peer in
            peer.send(FrameBytes.hello(fingerprint: unknownFingerprint))
            let part = FrameBytes.frame(3, FrameBytes.bytes(16_000), flags: FrameBytes.more)
            for _ in 0..<6 { peer.send(part) }
        },
    ]

    private static let frames = [
        HostileKind("a giant length", .goAway(2, "the limit is"), sends: FrameBytes.frame(5, stream: 1, length: .max)),
        HostileKind(
            "a length one too long", .goAway(2, "the limit is 16372"),
            sends: FrameBytes.frame(5, stream: 1, length: 16_373)),
        HostileKind("an unknown type", .goAway(1, "unknown type 77"), sends: FrameBytes.frame(77)),
        HostileKind("type 0", .goAway(1, "unknown type 0"), sends: FrameBytes.frame(0)),
        HostileKind(
            "reserved bytes", .goAway(1, "reserved"), sends: FrameBytes.frame(9, FrameBytes.bytes(8), reserved: [1, 0])),
        HostileKind(
            "a flag that the type has not", .goAway(1, "flags"), sends: FrameBytes.frame(7, flags: 2, stream: 1)),
        HostileKind("a PING of 7 bytes", .goAway(1, "7 bytes"), sends: FrameBytes.frame(9, FrameBytes.bytes(7))),
        HostileKind(
            "a PING on a stream", .goAway(1, "on stream 3"), sends: FrameBytes.frame(9, FrameBytes.bytes(8), stream: 3)),
        HostileKind("a PONG without PING", .goAway(1, "PONG"), sends: FrameBytes.frame(10, FrameBytes.bytes(8))),
        HostileKind("a second HELLO_ACK", .goAway(1, "a second HELLO_ACK"), sends: FrameBytes.frame(2, [0])),
        HostileKind("GOAWAY cut short", .goAway(1, "cut short"), sends: FrameBytes.frame(11, [0, 0])),
        HostileKind("GOAWAY of an unknown code", .goAway(1, "code 77"), sends: FrameBytes.goAway(last: 0, code: 77)),
        HostileKind(
            "GOAWAY in no text", .goAway(1, "UTF-8"), sends: FrameBytes.goAway(last: 0, code: 0, text: [0xFF, 0xFE])),
        HostileKind(
            "GOAWAY that names a stream never opened", .goAway(1, "never opened"),
            sends: FrameBytes.goAway(last: 98, code: 0)),
        HostileKind("a PING byte by byte", .served, within: .seconds(10)) {
            $0.drip(FrameBytes.frame(9, FrameBytes.bytes(8)), every: 200)
        },
    ]
}
