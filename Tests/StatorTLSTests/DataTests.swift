import StatorTLS
import TestSupport
import Testing

@Suite struct DataTests {
    @Test func `carries megabytes both ways in odd pieces`() throws {
        var pair = try EnginePair()
        try pair.connect()
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 17 &+ $0 >> 9) }
        try pair.client.write(bytes)
        try pair.server.write(Array(bytes.reversed()))
        #expect(pair.client.pendingCount > bytes.count)
        pair.run(pieces: 1013)
        #expect(pair.server.received == bytes)
        #expect(pair.client.received == bytes.reversed())
        #expect(pair.client.pendingCount == 0)
    }

    @Test func `carries data sent together with the end of the handshake`() throws {
        var pair = try EnginePair()
        pair.client.advance()
        pair.server.receive(pair.client.drainAll())
        pair.server.advance()
        pair.client.receive(pair.server.drainAll())
        pair.client.advance()
        #expect(pair.client.isComplete == true)
        #expect(pair.server.isComplete == false)
        try pair.client.write([1, 2, 3])
        pair.run()
        #expect(pair.server.received == [1, 2, 3])
    }

    @Test(arguments: [0, 1, 22, 23, 100, 16_405, 16_406, 16_407, 16_428, 16_429, 40_000])
    func `encrypts as much as there is room for, in whole records`(_ room: Int) throws {
        var pair = try EnginePair()
        try pair.connect()
        let bytes = [UInt8](repeating: 1, count: 100_000)
        let count = try pair.client.write(bytes, room: room)
        let (records, rest) = room.quotientAndRemainder(dividingBy: 16_384 + 22)
        #expect(count == records * 16_384 + max(0, rest - 22))
        let pending = pair.client.pendingCount
        #expect(pending <= room)
        #expect(count == 0 || pending > room - 23)
        pair.run()
        let received = pair.server.received.count
        #expect(received == count)
    }

    @Test(arguments: [1, 5, 100, 1000]) func `shakes hands in as little room as there is`(_ room: Int) throws {
        var pair = try EnginePair()
        pair.client.advance()
        pair.server.receive(pair.client.drainAll())
        var calls = 0
        var progress = HandshakeProgress.needsRoom
        while progress == .needsRoom, calls < 10_000 {
            progress = try pair.server.handshake(room: room)
            let pending = pair.server.pendingCount
            #expect(pending <= room)
            pair.client.receive(pair.server.drainAll())
            calls += 1
        }
        #expect(calls > 1)
        #expect(progress == .needsInput)
        try pair.connect()
        #expect(pair.server.isComplete == true)
    }

    @Test func `renews its keys after so many records`() throws {
        var pair = try EnginePair()
        try pair.connect()
        pair.client.engine.recordsUntilNewKeys = 2
        for byte in UInt8(1)...5 {
            try pair.client.write([byte])
            let isRenewed = byte == 3
            let pending = pair.client.pendingCount
            #expect((pending > 23) == isRenewed)
            pair.run()
        }
        #expect(pair.server.received == [1, 2, 3, 4, 5])
        #expect(pair.client.engine.recordsUntilNewKeys > 1_000_000)
    }

    @Test func `leaves what comes after a record for the next call`() throws {
        var pair = try EnginePair()
        try pair.connect()
        try pair.client.write([1, 2])
        try pair.client.write([3])
        let bytes = pair.client.drainAll()
        var input = bytes.withUnsafeBytes { $0 }
        #expect(input.count > 40)
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
        defer { room.deallocate() }
        var answers = CiphertextBuffer(UnsafeMutableRawBufferPointer(start: nil, count: 0))
        var found: [UInt8] = []
        for _ in 0..<3 {
            let result = try bytes.withUnsafeBytes { bytes in
                var rest = UnsafeRawBufferPointer(rebasing: bytes.suffix(input.count))
                defer { input = rest }
                return try pair.server.engine.read(from: &rest, into: room, answers: &answers)
            }
            #expect(result == .bytes(1))
            found.append(room[0])
        }
        #expect(found == [1, 2, 3])
        #expect(input.isEmpty)
    }

    @Test func `sends nothing for an empty write`() throws {
        var pair = try EnginePair()
        try pair.connect()
        #expect(try pair.client.write([UInt8]()) == 0)
        #expect(pair.client.pendingCount == 0)
    }

    @Test func `tells the peer's close apart, and still writes to a peer that closed`() throws {
        var pair = try EnginePair()
        try pair.connect()
        try pair.client.write([7])
        pair.client.close()
        pair.client.close()
        let error = #expect(throws: TLSError.self) { try pair.client.write([8]) }
        #expect(error?.code == .closed)
        pair.run()
        #expect(pair.server.received == [7])
        #expect(pair.server.isClosedByPeer == true)
        #expect(pair.client.isClosedByPeer == false)

        try pair.server.write([9])
        pair.server.close()
        pair.run()
        #expect(pair.client.received == [9])
        #expect(pair.client.isClosedByPeer == true)
        #expect(pair.client.failure == nil)
        #expect(pair.server.failure == nil)
    }

    @Test func `closes quietly in the middle of the handshake`() throws {
        var pair = try EnginePair()
        pair.client.advance()
        pair.client.close()
        try pair.connect()
    }
}
