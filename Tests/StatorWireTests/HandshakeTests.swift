import StatorWire
import Testing

@Suite struct HandshakeTests {
    private let hello = Side.hello

    @Test func `without manifests a side is ready when its HELLO is acknowledged and the peer's is known`() throws {
        let side = Side(.dialler)
        #expect(side.open() == .notReady)
        #expect(side.receive(Bytes.hello) == [.hello(hello)])
        try side.wire.acknowledgeHello(wantsManifest: false)
        #expect(side.events() == [])
        #expect(side.receive(Bytes.helloAck(wantsManifest: false)) == [.ready])
        #expect(side.open() == .opened(StreamID(1)))
    }

    @Test func `a wanted manifest comes before ready, in however many parts`() throws {
        let side = Side(.acceptor)
        side.receive(Bytes.hello + Bytes.helloAck(wantsManifest: false))
        try side.wire.acknowledgeHello(wantsManifest: true)
        #expect(side.events() == [])
        #expect(side.receive(Bytes.manifest([1, 2], more: true)) == [])
        #expect(side.receive(Bytes.manifest([3])) == [.manifest([1, 2, 3])])
        #expect(!side.isReady)
        try side.wire.acceptManifest()
        #expect(side.events() == [.ready])
    }

    @Test func `a manifest longer than a frame is sent in parts`() throws {
        let long = [UInt8](repeating: 0x61, count: 20_000)
        let (sender, receiver) = (Side(.dialler, manifest: long), Side(.acceptor))
        receiver.receive(sender.take())
        try receiver.wire.acknowledgeHello(wantsManifest: true)
        sender.receive(receiver.take())
        #expect(receiver.receive(sender.take()) == [.manifest(long)])
    }

    @Test func `the receiver of a call knows the manifest of its sender, whatever was wanted`() throws {
        for wanted in [(false, false), (true, false), (false, true), (true, true)] {
            let (dialler, acceptor) = (Side(.dialler), Side(.acceptor))
            var opened = 0
            // Each side answers at once and calls as soon as it may.
            for _ in 0..<8 {
                for (from, to, wants) in [(dialler, acceptor, wanted.0), (acceptor, dialler, wanted.1)] {
                    _ = try to.receive(from.take()) { event in
                        switch event {
                        case .hello: try to.wire.acknowledgeHello(wantsManifest: wants)
                        case .manifest: try to.wire.acceptManifest()
                        case .ready: _ = to.open()
                        case .opened: opened += 1
                        default: Issue.record("unexpected \(event)")
                        }
                    }
                }
            }
            #expect(opened == 2)
        }
    }

    @Test func `extensions of HELLO are skipped`() {
        let base = Array(Bytes.hello.dropFirst(12))
        let side = Side(.dialler)
        #expect(side.receive(Bytes.frame(1, base + [0xFF, 0xFF, 0, 3, 1, 2, 3])) == [.hello(hello)])
    }

    @Test(arguments: [
        (1...1, 1...1, 1), (1...1, 1...3, 1), (1...3, 1...1, 1), (2...3, 1...4, 3), (1...2, 2...9, 2),
    ])
    func `both sides speak the older of their newest versions`(
        _ ours: ClosedRange<UInt16>, _ theirs: ClosedRange<UInt16>, _ spoken: UInt16
    ) throws {
        let (dialler, acceptor) = (Self.side(.dialler, ours), Self.side(.acceptor, theirs))
        #expect(acceptor.receive(dialler.take()).count == 1)
        #expect(dialler.receive(acceptor.take()).count == 1)
        #expect(dialler.protocolVersion == spoken)
        #expect(acceptor.protocolVersion == spoken)
    }

    @Test func `sides without a common version part, and the peer is told both ranges`() {
        let (old, new) = (Self.side(.dialler, 1...1), Self.side(.acceptor, 2...3))
        let text = "protocol versions 2 to 3 are spoken there, 1 to 1 here"
        #expect(
            old.receive(new.take())
                == [.closed(WireClose(cause: .violation, code: .protocolViolation, text: text))])
        #expect(Array(old.take().suffix(text.utf8.count)) == Array(text.utf8))
        _ = new.receive(Self.side(.dialler, 1...1).take())
        #expect(new.close?.text == "protocol versions 1 to 1 are spoken there, 2 to 3 here")
    }

    private static func side(_ side: ConnectionSide, _ versions: ClosedRange<UInt16>) -> Side {
        var hello = Side.hello
        hello.protocolVersions = versions
        return Side(side, hello: hello)
    }

    @Test func `a manifest that comes byte by byte is the same`() throws {
        let side = Side(.acceptor)
        side.receive(Bytes.hello)
        try side.wire.acknowledgeHello(wantsManifest: true)
        let manifest = pattern(1_000)
        for byte in manifest.dropLast() { #expect(side.receive(Bytes.manifest([byte], more: true)) == []) }
        #expect(side.receive(Bytes.manifest([manifest[999]])) == [.manifest(manifest)])
    }

    @Test func `an empty manifest is one frame`() throws {
        let (sender, receiver) = (Side(.dialler, manifest: []), Side(.acceptor))
        receiver.receive(sender.take())
        try receiver.wire.acknowledgeHello(wantsManifest: true)
        sender.receive(receiver.take())
        #expect(receiver.receive(sender.take()) == [.manifest([])])
    }

    @Test func `a peer that says nothing is closed after the handshake timeout`() {
        let side = Side(.acceptor)
        #expect(side.advance(by: .seconds(9)) == [])
        _ = side.advance(by: .seconds(1))
        #expect(side.close == WireClose(cause: .violation, code: .timeout, text: "HELLO did not come in time"))
    }

    @Test func `acknowledging what did not come is our own mistake`() {
        let side = Side(.dialler)
        #expect(throws: ImpossibleTransition.self) { try side.wire.acknowledgeHello(wantsManifest: false) }
        #expect(throws: ImpossibleTransition.self) { try side.wire.acceptManifest() }
    }

    @Test func `GOAWAY in place of HELLO closes with the peer's reason`() {
        let side = Side(.dialler)
        side.receive(Bytes.goAway(last: 0, 4, "who are you"))
        #expect(side.close == WireClose(cause: .peer, code: .unauthenticated, text: "who are you"))
    }
}
