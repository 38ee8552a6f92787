import StatorWire
import Testing

@Suite struct SplitTests {
    /// All that a server may see of a client, with each type of frame in it.
    private static let transcript: [UInt8] =
        Bytes.hello + Bytes.helloAck(wantsManifest: false) + Bytes.manifest([1, 2], more: true) + Bytes.manifest([3])
        + Bytes.open(1, [1, 2, 3], microseconds: 1_000_000) + Bytes.open(3, [4], flags: 1)
        + Bytes.message(3, [5, 6], flags: 2) + Bytes.ping(1) + Bytes.message(2, [7]) + Bytes.window(1, 9)
        + Bytes.status(2, 5, "nothing here", [8]) + Bytes.cancel(1) + Bytes.goAway(last: 2, 0, "bye")

    /// What a server makes of the transcript, cut where told.
    private func play(
        _ pieces: [ArraySlice<UInt8>], at start: WireInstant, isLost: Bool = false
    ) throws -> [WireEvent] {
        let side = Side(.acceptor, at: start)
        var events: [WireEvent] = []
        for piece in pieces {
            events += try side.receive(Array(piece)) { event in
                switch event {
                case .hello: try side.wire.acknowledgeHello(wantsManifest: true)
                case .manifest: try side.wire.acceptManifest()
                case .ready: _ = side.open()
                default: break
                }
            }
        }
        if isLost {
            side.wire.endOfInput()
            events += side.events()
        }
        return events
    }

    @Test func `events do not depend on where the bytes are cut`() throws {
        let all = Self.transcript
        let start = WireInstant.now
        let whole = try play([all[...]], at: start)
        #expect(whole.count == 9)
        #expect(try play(all.indices.map { all[$0...$0] }, at: start) == whole)
        for cut in 1..<all.count {
            #expect(try play([all[..<cut], all[cut...]], at: start) == whole)
        }
    }

    @Test func `a connection may be lost at every byte`() throws {
        let all = Self.transcript
        let start = WireInstant.now
        let whole = try play([all[...]], at: start)
        let lost = WireClose(cause: .peer, code: .unavailable, text: "the peer closed the connection")
        for cut in 0...all.count {
            var events = try play([all[..<cut]], at: start, isLost: true)
            #expect(events.popLast() == .closed(lost))
            #expect(whole.starts(with: events))
        }
    }

    @Test func `no more than a frame and a message is kept of what the peer sends`() throws {
        let side = try Side.connected().acceptor
        // Half a frame, for ever: nothing grows, and a peer that stops there is found out by the keepalive.
        let bytes = Bytes.open(1, [UInt8](repeating: 1, count: 16_000))
        #expect(side.receive(Array(bytes.dropLast())) == [])
        _ = side.advance(by: .seconds(15))
        _ = side.advance(by: .seconds(10))
        #expect(side.close?.text == "the peer does not answer")
    }
}
