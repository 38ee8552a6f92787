import StatorTLS
import TestSupport
import Testing

@Suite struct DataTests {
    @Test func `carries megabytes both ways in odd pieces`() throws {
        var pair = try EnginePair()
        try pair.connect()
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 17 &+ $0 >> 9) }
        try pair.client.engine.write(bytes)
        try pair.server.engine.write(Array(bytes.reversed()))
        #expect(pair.client.engine.pendingCiphertextCount > bytes.count)
        pair.run(pieces: 1013)
        #expect(pair.server.received == bytes)
        #expect(pair.client.received == bytes.reversed())
        #expect(pair.client.engine.pendingCiphertextCount == 0)
    }

    @Test func `carries data sent together with the end of the handshake`() throws {
        var pair = try EnginePair()
        pair.client.advance()
        pair.server.engine.receive(pair.client.engine.drainAll())
        pair.server.advance()
        pair.client.engine.receive(pair.server.engine.drainAll())
        pair.client.advance()
        #expect(pair.client.isComplete == true)
        #expect(pair.server.isComplete == false)
        try pair.client.engine.write([1, 2, 3])
        pair.run()
        #expect(pair.server.received == [1, 2, 3])
    }

    @Test func `drains as much as fits`() throws {
        var pair = try EnginePair()
        try pair.connect()
        try pair.client.engine.write([UInt8](repeating: 1, count: 1000))
        let pending = pair.client.engine.pendingCiphertextCount
        var buffer = [UInt8](repeating: 0, count: 100)
        let drained = buffer.withUnsafeMutableBytes { pair.client.engine.drainCiphertext(into: $0) }
        #expect(drained == 100)
        #expect(pair.client.engine.pendingCiphertextCount == pending - 100)
        let none = [UInt8]().withUnsafeBufferPointer { _ in
            pair.client.engine.drainCiphertext(into: UnsafeMutableRawBufferPointer(start: nil, count: 0))
        }
        #expect(none == 0)
    }

    @Test func `sends nothing for an empty write`() throws {
        var pair = try EnginePair()
        try pair.connect()
        #expect(try pair.client.engine.write([UInt8]()) == 0)
        #expect(pair.client.engine.pendingCiphertextCount == 0)
    }

    @Test func `tells the peer's close apart, and still writes to a peer that closed`() throws {
        var pair = try EnginePair()
        try pair.connect()
        try pair.client.engine.write([7])
        pair.client.engine.close()
        pair.client.engine.close()
        let error = #expect(throws: TLSError.self) { try pair.client.engine.write([8]) }
        #expect(error?.code == .closed)
        pair.run()
        #expect(pair.server.received == [7])
        #expect(pair.server.isClosedByPeer == true)
        #expect(pair.client.isClosedByPeer == false)

        try pair.server.engine.write([9])
        pair.server.engine.close()
        pair.run()
        #expect(pair.client.received == [9])
        #expect(pair.client.isClosedByPeer == true)
        #expect(pair.client.failure == nil)
        #expect(pair.server.failure == nil)
    }

    @Test func `closes quietly in the middle of the handshake`() throws {
        var pair = try EnginePair()
        pair.client.advance()
        pair.client.engine.close()
        try pair.connect()
    }
}
