import StatorTLS
import TestSupport

extension TLSConfiguration {
    init(_ paths: TestCertificates.Paths) {
        self.init(
            certificateChainPath: paths.certificateChainPath, privateKeyPath: paths.privateKeyPath,
            trustRootsPath: paths.trustRootsPath)
    }
}

/// One side with the bytes that wait on either side of its engine, and what became of it.
struct Side: ~Copyable {
    /// What its caller lends the engine as room for output.
    private static let room = 4 * 1024 * 1024
    /// The same, while the peer takes nothing; TLS's own answers must fit in it.
    static let roomForAnswers = 64 * 1024

    var engine: TLSEngine
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    var isComplete = false
    var failure: TLSError?
    var received: [UInt8] = []
    var isClosedByPeer = false

    init(_ context: TLSContext, serverName: String? = nil, sessionKey: String? = nil) throws(TLSError) {
        engine = try TLSEngine(context, role: context.role, serverName: serverName, sessionKey: sessionKey)
    }

    mutating func receive(_ bytes: some Collection<UInt8>) {
        input += bytes
    }

    var pendingCount: Int { output.count }

    /// Everything that is to be sent.
    mutating func drainAll() -> [UInt8] {
        defer { output = [] }
        return output
    }

    /// Calls the engine with all that waits, and keeps what it leaves.
    private mutating func lend<Result>(
        _ room: Int,
        _ body: (inout TLSEngine, inout UnsafeRawBufferPointer, inout CiphertextBuffer) throws(TLSError) -> Result
    ) throws(TLSError) -> Result {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(0, room), alignment: 1)
        defer { memory.deallocate() }
        var buffer = CiphertextBuffer(memory)
        var used = 0
        let result = input.withUnsafeBytes { bytes in
            Swift.Result { () throws(TLSError) in
                var rest = bytes
                defer { used = bytes.count - rest.count }
                return try body(&engine, &rest, &buffer)
            }
        }
        input.removeFirst(used)
        output += buffer.bytes
        return try result.get()
    }

    @discardableResult
    mutating func handshake(room: Int = Side.room) throws(TLSError) -> HandshakeProgress {
        try lend(room) { engine, input, output throws(TLSError) in try engine.handshake(from: &input, to: &output) }
    }

    @discardableResult
    mutating func write(_ bytes: [UInt8], room: Int = Side.room) throws(TLSError) -> Int {
        try lend(room) { engine, _, output throws(TLSError) in
            let result = bytes.withUnsafeBytes { bytes in
                Result { () throws(TLSError) in try engine.write(bytes, to: &output) }
            }
            return try result.get()
        }
    }

    mutating func close() {
        _ = try? lend(Side.room) { engine, _, output throws(TLSError) in engine.close(to: &output) }
    }

    /// Reads until more input is needed or the peer has closed.
    mutating func readAll() throws(TLSError) -> (bytes: [UInt8], isClosed: Bool) {
        var bytes: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: TLSEngine.recordPlaintextMax, alignment: 1)
        defer { buffer.deallocate() }
        var isClosed = false
        var isDone = false
        while !isDone {
            let room = Side.roomForAnswers - output.count
            let result = try lend(room) { engine, input, output throws(TLSError) in
                try engine.read(from: &input, into: buffer, answers: &output)
            }
            switch result {
            case .bytes(let count): bytes += buffer.prefix(count)
            case .needsInput: isDone = true
            case .closed:
                isClosed = true
                isDone = true
            }
        }
        return (bytes, isClosed)
    }

    /// Goes on as far as what was received allows.
    mutating func advance() {
        guard failure == nil else {
            return
        }
        do throws(TLSError) {
            if !isComplete {
                isComplete = try handshake() == .complete
            }
            if isComplete {
                let (bytes, isClosed) = try readAll()
                received += bytes
                isClosedByPeer = isClosedByPeer || isClosed
            }
        } catch {
            failure = error
        }
    }
}

/// A client and a server in one process, with the test as their network.
struct EnginePair: ~Copyable {
    var client: Side
    var server: Side

    init(
        client: TestCertificates.Paths? = nil, server: TestCertificates.Paths? = nil
    ) throws {
        let host = try client ?? TestCertificates.tls(class: "compute", name: "host1")
        let conductor = try server ?? TestCertificates.tls(class: "conductor", name: "conductor1")
        try self.init(
            client: TLSContext(TLSConfiguration(host), role: .client),
            server: TLSContext(TLSConfiguration(conductor), role: .server))
    }

    init(client: TLSContext, server: TLSContext, serverName: String? = nil, sessionKey: String? = nil) throws {
        let client = try Side(client, serverName: serverName, sessionKey: sessionKey)
        let server = try Side(server)
        self.init(client: client, server: server)
    }

    private init(client: consuming Side, server: consuming Side) {
        self.client = client
        self.server = server
    }

    /// Carries bytes both ways, in pieces of that size, until neither side has anything to say.
    mutating func run(pieces: Int = Int.max) {
        var isQuiet = false
        while !isQuiet {
            client.advance()
            server.advance()
            let toServer = client.drainAll()
            let toClient = server.drainAll()
            isQuiet = toServer.isEmpty && toClient.isEmpty
            deliver(toServer, pieces: pieces, toServer: true)
            deliver(toClient, pieces: pieces, toServer: false)
        }
    }

    private mutating func deliver(_ bytes: [UInt8], pieces: Int, toServer: Bool) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(pieces)
            if toServer {
                server.receive(piece)
                server.advance()
            } else {
                client.receive(piece)
                client.advance()
            }
            rest = rest.dropFirst(piece.count)
        }
    }

    /// Carries out the handshake, which is expected to succeed.
    mutating func connect() throws {
        run()
        if let failure = client.failure ?? server.failure {
            throw failure
        }
    }
}
