import StatorTLS
import TestSupport
import Testing

@Suite struct HostilePeerTests {
    @Test(arguments: [
        Array("GET / HTTP/1.1\r\nHost: conductor\r\n\r\n".utf8), Array("SSH-2.0-OpenSSH_9.2\r\n".utf8),
        [UInt8](repeating: 0, count: 100), [UInt8](repeating: 0xff, count: 100_000),
        [0x16, 0x03, 0x01, 0xff, 0xff] + [UInt8](repeating: 0, count: 70_000),
        [0x16, 0x03, 0x01, 0x00, 0x04, 0x02, 0xff, 0xff, 0xff], [0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x28],
        [0x80, 0x2e, 0x01, 0x00, 0x02] + [UInt8](repeating: 7, count: 60),
    ])
    func `that sends garbage in place of a greeting is refused with a sentence`(_ bytes: [UInt8]) throws {
        var pair = try EnginePair()
        pair.server.receive(bytes)
        pair.server.advance()
        let found = pair.server.failure
        let failure = try #require(found)
        #expect([.handshakeFailed, .refusedByPeer, .protocolMismatch].contains(failure.code))
        #expect(!failure.message.isEmpty)

        pair.client.advance()
        pair.client.receive(bytes)
        pair.client.advance()
        #expect(pair.client.failure != nil)
    }

    @Test func `that speaks HTTP is told apart`() throws {
        var pair = try EnginePair()
        pair.server.receive(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        pair.server.advance()
        #expect(
            pair.server.failure?.message
                == "what the peer sends is not TLS 1.3 (http request); is it the right port?")
    }

    @Test func `that damages a record ends the connection, and nothing of it is taken`() throws {
        var pair = try EnginePair()
        try pair.connect()
        try pair.client.write(Array(repeating: 5, count: 100))
        var bytes = pair.client.drainAll()
        bytes[50] ^= 1
        pair.server.receive(bytes)
        pair.server.advance()
        #expect(pair.server.received == [])
        #expect(pair.server.failure?.message == "a record from the peer was damaged or forged on its way")
        pair.run()
        #expect(pair.client.failure?.code == .refusedByPeer)
    }

    @Test func `that cuts a record short leaves the reader waiting, not closed`() throws {
        var pair = try EnginePair()
        try pair.connect()
        try pair.client.write(Array(repeating: 5, count: 100))
        let bytes = pair.client.drainAll()
        pair.server.receive(bytes.dropLast())
        pair.server.advance()
        #expect(pair.server.received == [])
        #expect(pair.server.failure == nil)
        #expect(pair.server.isClosedByPeer == false)
        pair.server.receive(bytes.suffix(1))
        pair.server.advance()
        #expect(pair.server.received.count == 100)
    }

    @Test func `that repeats a record is refused`() throws {
        var pair = try EnginePair()
        try pair.connect()
        try pair.client.write([1])
        let bytes = pair.client.drainAll()
        pair.server.receive(bytes)
        pair.server.advance()
        #expect(pair.server.received == [1])
        pair.server.receive(bytes)
        pair.server.advance()
        #expect(pair.server.received == [1])
        #expect(pair.server.failure != nil)
    }

    /// A client that does with TLS what ours never does, connected to a server of ours.
    private func connectBare() throws -> (BareClient, TLSContext) {
        let conductor = TLSConfiguration(try TestCertificates.tls(class: "conductor", name: "conductor1"))
        return (
            try BareClient(try TestCertificates.tls(class: "compute", name: "host1")),
            try TLSContext(conductor, role: .server)
        )
    }

    @Test(arguments: [false, true])
    func `that renews its keys on and on is let go, whether or not it takes the answers`(takesAnswers: Bool) throws {
        let (client, context) = try connectBare()
        var server = try Side(context)
        for _ in 0..<5 {
            client.advance()
            server.receive(client.drainAll())
            server.advance()
            client.receive(server.drainAll())
        }
        let isComplete = server.isComplete
        try #require(isComplete)
        var count = 0
        while server.failure == nil, count < 100 {
            client.updateKeys()
            server.receive(client.drainAll())
            server.advance()
            if takesAnswers {
                client.receive(server.drainAll())
                client.read()
            }
            count += 1
        }
        let failure = server.failure
        #expect(failure?.message == "the peer renews its keys again and again")
        #expect(count == 33)
    }

    @Test func `that renews its keys often in one burst costs no more than a few of them`() throws {
        let (client, context) = try connectBare()
        var server = try Side(context)
        for _ in 0..<5 {
            client.advance()
            server.receive(client.drainAll())
            server.advance()
            client.receive(server.drainAll())
        }
        for _ in 0..<1_000 { client.updateKeys() }
        server.receive(client.drainAll())
        server.advance()
        let (failure, pending) = (server.failure, server.pendingCount)
        #expect(failure?.message == "the peer renews its keys again and again")
        // One answer each, and the end.
        #expect(pending < 34 * 40)
    }

    @Test func `that renews its keys after much data is served on`() throws {
        let (client, context) = try connectBare()
        var server = try Side(context)
        for _ in 0..<5 {
            client.advance()
            server.receive(client.drainAll())
            server.advance()
            client.receive(server.drainAll())
        }
        for _ in 0..<64 {
            client.updateKeys()
            for _ in 0..<1_024 { client.write([7]) }
            server.receive(client.drainAll())
            server.advance()
            client.receive(server.drainAll())
            client.read()
        }
        let (failure, count) = (server.failure, server.received.count)
        #expect(failure == nil)
        #expect(count == 64 * 1_024)
    }

    @Test func `never crashes us, whatever it changes in the bytes`() throws {
        var random = SplitMix(seed: 20_260_101)
        let host = TLSConfiguration(try TestCertificates.tls(class: "compute", name: "host1"))
        let conductor = TLSConfiguration(try TestCertificates.tls(class: "conductor", name: "conductor1"))
        let clientContext = try TLSContext(host, role: .client)
        let serverContext = try TLSContext(conductor, role: .server)
        for round in 0..<400 {
            var client = try Side(clientContext)
            var server = try Side(serverContext)
            let isClientHostile = round % 2 == 0
            var stepsToDamage = Int(random.next() % 3)
            var turns = 0
            while turns < 12 {
                client.advance()
                server.advance()
                var toServer = client.drainAll()
                var toClient = server.drainAll()
                if stepsToDamage == 0 {
                    if isClientHostile {
                        damage(&toServer, &random)
                    } else {
                        damage(&toClient, &random)
                    }
                }
                stepsToDamage -= 1
                server.receive(toServer)
                client.receive(toClient)
                turns += 1
            }
            #expect(client.failure?.message != "")
            #expect(server.failure?.message != "")
        }
    }
}

private func damage(_ bytes: inout [UInt8], _ random: inout SplitMix) {
    guard !bytes.isEmpty else {
        return
    }
    for _ in 0...(random.next() % 4) {
        let index = Int(random.next() % UInt64(bytes.count))
        switch random.next() % 4 {
        case 0: bytes[index] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.remove(at: index)
        case 2: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: index)
        default: bytes.removeSubrange(index...)
        }
        if bytes.isEmpty {
            return
        }
    }
}

/// Repeatable random numbers.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
