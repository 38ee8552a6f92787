import StatorTLS
import TestSupport
import Testing

@Suite struct ResumptionTests {
    private let client: TLSContext
    private let server: TLSContext

    init() throws {
        client = try ResumptionTests.context("compute", "host1", .client)
        server = try ResumptionTests.context("conductor", "conductor1", .server)
    }

    private static func context(_ callerClass: String, _ name: String, _ role: TLSRole) throws -> TLSContext {
        try TLSContext(TLSConfiguration(TestCertificates.tls(class: callerClass, name: name)), role: role)
    }

    /// One connection up to the end of the handshake; whether it took up the session of an earlier one.
    private func connect(
        client: TLSContext? = nil, server: TLSContext? = nil, key: String? = "conductor:1", serverName: String? = nil
    ) throws -> Bool {
        var pair = try EnginePair(
            client: client ?? self.client, server: server ?? self.server, serverName: serverName, sessionKey: key)
        try pair.connect()
        let (isResumed, isResumedByServer) = (pair.client.engine.isResumed, pair.server.engine.isResumed)
        #expect(isResumed == isResumedByServer)
        return isResumed
    }

    @Test func `happens on each connection after the first`() throws {
        let isResumed = try (0..<4).map { _ in try connect() }
        #expect(isResumed == [false, true, true, true])
    }

    @Test func `tells both sides who the other is, and carries data`() throws {
        _ = try connect()
        var pair = try EnginePair(client: client, server: server, sessionKey: "conductor:1")
        try pair.connect()
        let isResumed = pair.server.engine.isResumed
        #expect(isResumed)
        #expect(try pair.server.engine.peerURIs() == ["stator://dev/compute/host1"])
        #expect(try pair.client.engine.peerURIs() == ["stator://dev/conductor/conductor1"])
        try pair.client.write([1, 2])
        try pair.server.write([3])
        pair.client.close()
        pair.run()
        #expect(pair.server.received == [1, 2])
        #expect(pair.client.received == [3])
        #expect(pair.server.isClosedByPeer == true)
    }

    @Test func `needs one ticket, of which a full handshake gives exactly one`() throws {
        var pair = try EnginePair(client: client, server: server, sessionKey: "conductor:1")
        pair.client.advance()
        pair.server.receive(pair.client.drainAll())
        pair.server.advance()
        pair.client.receive(pair.server.drainAll())
        pair.client.advance()
        pair.server.receive(pair.client.drainAll())
        pair.server.advance()
        let afterFinished = pair.server.drainAll()
        // One record, whose header says that nothing follows.
        try #require(afterFinished.count > 5)
        #expect(Int(afterFinished[3]) << 8 + Int(afterFinished[4]) + 5 == afterFinished.count)
        #expect(afterFinished.count < 3000)
    }

    @Test func `uses a ticket once`() throws {
        _ = try connect()
        var first = try EnginePair(client: client, server: server, sessionKey: "conductor:1")
        var second = try EnginePair(client: client, server: server, sessionKey: "conductor:1")
        try first.connect()
        try second.connect()
        let isResumed = (first.client.engine.isResumed, second.client.engine.isResumed)
        #expect(isResumed == (true, false))
    }

    @Test func `does not happen without a key, with another, or when another name is asked for`() throws {
        #expect(try connect() == false)
        #expect(try connect(key: nil) == false)
        #expect(try connect(key: "conductor:2") == false)
        #expect(try connect(serverName: "localhost") == false)
        #expect(try connect(serverName: "localhost") == true)
        #expect(try connect() == true)
        #expect(try connect(key: "conductor:2") == true)
    }

    @Test func `ends with the context of either side, and a full handshake takes its place`() throws {
        _ = try connect()
        let newServer = try ResumptionTests.context("conductor", "conductor1", .server)
        #expect(try connect(server: newServer) == false)
        #expect(try connect(server: newServer) == true)
        let newClient = try ResumptionTests.context("compute", "host1", .client)
        #expect(try connect(client: newClient, server: newServer) == false)
        #expect(try connect(client: newClient, server: newServer) == true)
    }

    @Test func `follows on a full handshake that a ticket of an earlier context led to`() throws {
        _ = try connect()
        let new = try ResumptionTests.context("conductor", "conductor1", .server)
        let isResumed = try (0..<3).map { _ in try connect(server: new) }
        #expect(isResumed == [false, true, true])
    }

    @Test func `does not follow on a connection that TLS broke`() throws {
        var pair = try EnginePair(client: client, server: server, sessionKey: "conductor:1")
        try pair.connect()
        try pair.server.write([1, 2, 3])
        var bytes = pair.server.drainAll()
        bytes[10] ^= 1
        pair.client.receive(bytes)
        pair.client.advance()
        #expect(pair.client.failure != nil)
        // The connection's end spoils its session.
        pair = try EnginePair()
        #expect(try connect() == false)
    }

    @Test func `keeps the sessions of a bounded number of servers`() throws {
        for number in 0..<66 {
            _ = try connect(key: "conductor:\(number)")
        }
        #expect(try connect(key: "conductor:65") == true)
        #expect(try connect(key: "conductor:2") == true)
        #expect(try connect(key: "conductor:1") == false)
        #expect(try connect(key: "conductor:0") == false)
    }

    @Test(arguments: [
        (0, true), (1, true), (7200, true), (7201, false), (-1, false), (Int64.max, false), (Int64.min, false),
    ])
    func `ends two hours after the client has shown that it has its key`(_ age: Int64, _ isFresh: Bool) {
        #expect(SessionTicket.isFresh(provenAt: 0, now: age) == isFresh)
        #expect(!SessionTicket.isFresh(provenAt: Int64.min, now: 1))
    }

    @Test func `is for clients to ask for`() throws {
        let error = #expect(throws: TLSError.self) { _ = try TLSEngine(server, role: .server, sessionKey: "a") }
        #expect(error?.code == .misuse)
    }
}
