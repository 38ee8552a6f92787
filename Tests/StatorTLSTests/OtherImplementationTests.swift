import Glibc
import StatorTLS
import TestSupport
import Testing

/// Against OpenSSL's own command, which can be made to behave as no engine of ours does.
@Suite struct OtherImplementationTests {
    private let directory: TemporaryDirectory
    private let host: TestCertificates.Paths
    private let conductor: TestCertificates.Paths

    init() throws {
        directory = try TemporaryDirectory()
        host = try TestCertificates.tls(class: "compute", name: "host1")
        conductor = try TestCertificates.tls(class: "conductor", name: "conductor1")
    }

    private var hostOptions: [String] {
        ["-cert", host.certificateChainPath, "-key", host.privateKeyPath, "-CAfile", host.trustRootsPath]
    }

    /// What our server makes of that client.
    private func serve(clientOptions: [String]) throws -> (isComplete: Bool, failure: TLSError?, uris: [String]) {
        let path = directory.file("tls.sock")
        let listener = try BlockingSocket.listen(path)
        let client = try ChildProcess(
            executable: "/usr/bin/openssl", arguments: ["s_client", "-unix", path] + clientOptions)
        defer { client.kill9() }
        let socket = try listener.accept()
        var side = try Side(TLSContext(TLSConfiguration(conductor), role: .server))
        try socket.carry(&side)
        return (side.isComplete, side.failure, (try? side.engine.peerURIs()) ?? [])
    }

    /// What our client makes of that server.
    private func connect(serverOptions: [String]) async throws -> (isComplete: Bool, failure: TLSError?) {
        let server = try ChildProcess(
            executable: "/usr/bin/openssl",
            arguments: [
                // As a web server: else it would end with its standard input.
                "s_server", "-www", "-accept", "127.0.0.1:0", "-cert", conductor.certificateChainPath,
                "-key", conductor.privateKeyPath, "-CAfile", conductor.trustRootsPath,
            ] + serverOptions)
        defer { server.kill9() }
        try await server.waitForOutput("ACCEPT 127.0.0.1:")
        let port = server.output.split(separator: "ACCEPT 127.0.0.1:").last?.prefix { $0.isNumber }
        let socket = try BlockingSocket.connect(port: try #require(port.flatMap { UInt16($0) }))
        var side = try Side(TLSContext(TLSConfiguration(host), role: .client))
        try socket.carry(&side)
        return (side.isComplete, side.failure)
    }

    @Test func `our server takes a client that does everything right`() throws {
        let outcome = try serve(clientOptions: hostOptions + ["-alpn", "other,stator/1", "-tls1_3"])
        #expect(outcome.failure == nil)
        #expect(outcome.isComplete)
        #expect(outcome.uris == ["stator://dev/compute/host1"])
    }

    @Test func `our server refuses a client without a certificate`() throws {
        let outcome = try serve(clientOptions: ["-CAfile", host.trustRootsPath, "-alpn", "stator/1"])
        #expect(outcome.failure?.code == .certificateRejected)
        #expect(outcome.failure?.message == "the peer has shown no certificate; one is required")
    }

    @Test func `our server refuses a client that speaks no more than TLS 1.2`() throws {
        for protocols in [[], ["-alpn", "stator/1"]] {
            let outcome = try serve(clientOptions: hostOptions + protocols + ["-tls1_2"])
            #expect(outcome.failure?.code == .protocolMismatch)
            #expect(
                outcome.failure?.message == "the peer does not speak TLS 1.3, which this side insists on")
        }
    }

    @Test func `our server refuses a client that offers no or another application protocol`() throws {
        for protocols in [[], ["-alpn", "h2,http/1.1"], ["-alpn", "stator/10"]] {
            let outcome = try serve(clientOptions: hostOptions + protocols)
            #expect(outcome.failure?.code == .protocolMismatch)
            #expect(outcome.failure?.message == "the peer does not speak stator/1 over TLS (ALPN)")
        }
    }

    @Test func `our client takes a server that does everything right`() async throws {
        let outcome = try await connect(serverOptions: ["-alpn", "stator/1", "-Verify", "1", "-verify_return_error"])
        #expect(outcome.failure == nil)
        #expect(outcome.isComplete)
    }

    @Test func `our client refuses a server without or with another application protocol`() async throws {
        for protocols in [[], ["-alpn", "h2"]] {
            let outcome = try await connect(serverOptions: protocols)
            #expect(outcome.failure?.code == .protocolMismatch)
            #expect(outcome.failure?.message == "the peer does not speak stator/1 over TLS (ALPN)")
        }
    }

    @Test func `our client refuses a server that speaks no more than TLS 1.2`() async throws {
        let outcome = try await connect(serverOptions: ["-alpn", "stator/1", "-tls1_2"])
        #expect(outcome.failure?.code == .protocolMismatch)
    }
}

/// A blocking socket with a time limit on everything.
private final class BlockingSocket {
    private let descriptor: CInt

    private init(_ descriptor: CInt) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
    }

    static func listen(_ path: String) throws -> BlockingSocket {
        unlink(path)
        let socket = BlockingSocket(socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0))
        guard withAddress(path, { bind(socket.descriptor, $0, $1) }) == 0, Glibc.listen(socket.descriptor, 1) == 0
        else {
            throw TestSupportError("cannot listen on \(path)")
        }
        return socket
    }

    static func connect(port: UInt16) throws -> BlockingSocket {
        let socket = BlockingSocket(socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(socket.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            throw TestSupportError("cannot connect to port \(port)")
        }
        return socket
    }

    func accept() throws -> BlockingSocket {
        let accepted = Glibc.accept(descriptor, nil, nil)
        guard accepted >= 0 else {
            throw TestSupportError("nobody connected")
        }
        return BlockingSocket(accepted)
    }

    /// Carries bytes between the peer and the engine until the handshake is complete or has failed.
    func carry(_ side: inout Side) throws {
        var buffer = [UInt8](repeating: 0, count: 4096)
        side.advance()
        send(side.drainAll())
        while !side.isComplete && side.failure == nil {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else {
                throw TestSupportError("the peer said nothing more")
            }
            side.receive(buffer.prefix(count))
            side.advance()
            send(side.drainAll())
        }
    }

    private func send(_ bytes: [UInt8]) {
        // Handshakes fit a socket's buffer; a peer that is gone shows when reading.
        _ = Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL))
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
