import StatorTLS
import TestSupport

extension TLSConfiguration {
    init(_ paths: TestCertificates.Paths) {
        self.init(
            certificateChainPath: paths.certificateChainPath, privateKeyPath: paths.privateKeyPath,
            trustRootsPath: paths.trustRootsPath)
    }
}

extension TLSEngine {
    /// Everything that is to be sent.
    mutating func drainAll() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: pendingCiphertextCount)
        let count = bytes.withUnsafeMutableBytes { drainCiphertext(into: $0) }
        return Array(bytes.prefix(count))
    }

    mutating func receive(_ bytes: some Collection<UInt8>) {
        Array(bytes).withUnsafeBytes { receive($0) }
    }

    @discardableResult
    mutating func write(_ bytes: [UInt8]) throws(TLSError) -> Int {
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(TLSError) in try write(buffer) }
        }
        return try result.get()
    }

    /// Reads until more input is needed or the peer has closed.
    mutating func readAll() throws(TLSError) -> (bytes: [UInt8], isClosed: Bool) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 20_000)
        var isClosed = false
        var isDone = false
        while !isDone {
            let result = buffer.withUnsafeMutableBytes { buffer in
                Result { () throws(TLSError) in try read(into: buffer) }
            }
            switch try result.get() {
            case .bytes(let count): bytes += buffer.prefix(count)
            case .needsInput: isDone = true
            case .closed:
                isClosed = true
                isDone = true
            }
        }
        return (bytes, isClosed)
    }
}

/// One side, and what became of it.
struct Side: ~Copyable {
    var engine: TLSEngine
    var isComplete = false
    var failure: TLSError?
    var received: [UInt8] = []
    var isClosedByPeer = false

    init(_ context: TLSContext) throws(TLSError) {
        engine = try TLSEngine(context, role: context.role)
    }

    /// Goes on as far as what was received allows.
    mutating func advance() {
        guard failure == nil else {
            return
        }
        do throws(TLSError) {
            if !isComplete {
                isComplete = try engine.handshake() == .complete
            }
            if isComplete {
                let (bytes, isClosed) = try engine.readAll()
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
        let client = try Side(TLSContext(TLSConfiguration(host), role: .client))
        let server = try Side(TLSContext(TLSConfiguration(conductor), role: .server))
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
            let toServer = client.engine.drainAll()
            let toClient = server.engine.drainAll()
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
                server.engine.receive(piece)
                server.advance()
            } else {
                client.engine.receive(piece)
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
