import Foundation
import Glibc
import StatorReactor
import Testing

@Suite struct SocketTests {
    @Test(arguments: ["127.0.0.1:0", "[::1]:0", "unix:"])
    func `carry bytes both ways until one side ends`(_ kind: String) async throws {
        try await withLoop { loop in
            let address = try SocketAddress(parsing: kind == "unix:" ? kind + temporarySocketPath() : kind)
            let listener = try ListeningSocket(bindingTo: address)
            #expect(try isNil(listener.accept()))
            let client = try StreamSocket.connect(to: listener.localAddress)
            _ = try await loop.readiness(of: listener.descriptor, .read)
            guard let server = try listener.accept() else {
                Issue.record("nothing to accept")
                return
            }
            _ = try await loop.readiness(of: client.descriptor, .write)
            try client.finishConnect()
            #expect(client.peerAddress == listener.localAddress)
            #expect(try server.localAddress == listener.localAddress)
            if kind != "unix:" {
                #expect(try client.localAddress == server.peerAddress)
                #expect(listener.localAddress.port != 0)
            }

            #expect(try read(client) == .wouldBlock)
            #expect(try write(client, [1, 2, 3]) == .bytes(3))
            _ = try await loop.readiness(of: server.descriptor, .read)
            #expect(try read(server) == .bytes([1, 2, 3]))
            try client.shutdownWrite()
            _ = try await loop.readiness(of: server.descriptor, .read)
            #expect(try read(server) == .end)
            #expect(try write(server, [4]) == .bytes(1))
            _ = try await loop.readiness(of: client.descriptor, .read)
            #expect(try read(client) == .bytes([4]))
        }
    }

    @Test func `write in parts when the peer is slow, and lose nothing`() async throws {
        try await withLoop { loop in
            let pair = makeSocketPair()
            let writer = try StreamSocket(owning: pair.0)
            let reader = try StreamSocket(owning: pair.1)
            let bytes = (0..<4_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
            var written = 0
            var received: [UInt8] = []
            var refusals = 0
            while received.count < bytes.count {
                if written < bytes.count {
                    switch try write(writer, bytes[written...]) {
                    case .bytes(let count): written += count
                    case .wouldBlock:
                        refusals += 1
                        _ = try await loop.readiness(of: reader.descriptor, .read)
                    case .end: Issue.record("end of a writer")
                    }
                }
                if refusals > 0 || written == bytes.count, case .bytes(let part) = try read(reader) {
                    received += part
                }
            }
            #expect(received == bytes)
            #expect(refusals > 0)
        }
    }

    @Test func `say what failed and where`() async throws {
        try await withLoop { loop in
            // A port that was just given up has no listener.
            let address = try ListeningSocket(bindingTo: try SocketAddress(parsing: "127.0.0.1:0")).localAddress
            let client = try StreamSocket.connect(to: address)
            _ = try await loop.readiness(of: client.descriptor, .write)
            let refusal = #expect(throws: ReactorError.self) { try client.finishConnect() }
            #expect(refusal?.description == "connect to \(address): Connection refused")
            #expect(refusal?.errno == ECONNREFUSED)

            let missing = try SocketAddress(parsing: "unix:" + temporarySocketPath())
            let absence = #expect(throws: ReactorError.self) { _ = try StreamSocket.connect(to: missing) }
            #expect(absence?.description == "connect to \(missing): No such file or directory")
        }
    }

    @Test func `refuse an address in use, and take over an abandoned unix path`() throws {
        let path = temporarySocketPath()
        let address = try SocketAddress(parsing: "unix:" + path)
        do {
            let listener = try ListeningSocket(bindingTo: address)
            let error = #expect(throws: ReactorError.self) { _ = try ListeningSocket(bindingTo: address) }
            #expect(error?.errno == EADDRINUSE)
            _ = listener
        }
        #expect(access(path, F_OK) != 0)

        // As a killed process leaves it: bound, but closed.
        let abandoned = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var system = sockaddr_un()
        system.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &system.sun_path) { $0.copyBytes(from: path.utf8) }
        let code = withUnsafePointer(to: &system) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(abandoned, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(code == 0)
        close(abandoned)
        #expect(access(path, F_OK) == 0)
        _ = try ListeningSocket(bindingTo: address)
    }

    @Test func `do not take a path that is no socket`() throws {
        let path = temporarySocketPath()
        try Data().write(to: URL(fileURLWithPath: path))
        defer { unlink(path) }
        #expect(throws: ReactorError.self) {
            _ = try ListeningSocket(bindingTo: try SocketAddress(parsing: "unix:" + path))
        }
        #expect(access(path, F_OK) == 0)
    }

    @Test func `end in an error, not a signal, when the peer is gone`() throws {
        let pair = makeSocketPair()
        let socket = try StreamSocket(owning: pair.0)
        close(pair.1)
        let error = #expect(throws: ReactorError.self) { _ = try write(socket, [1]) }
        #expect(error?.errno == EPIPE)
        #expect(try read(socket) == .end)
    }

    @Test func `close their descriptor at the end of their life`() throws {
        let pair = makeSocketPair()
        defer { close(pair.1) }
        do {
            _ = try StreamSocket(owning: pair.0)
        }
        // The number itself may be another test's by now; the peer knows.
        var byte: UInt8 = 0
        #expect(Glibc.read(pair.1, &byte, 1) == 0)
    }
}

private enum ReadBytes: Equatable {
    case bytes([UInt8])
    case wouldBlock
    case end
}

private func isNil(_ socket: consuming StreamSocket?) -> Bool {
    socket == nil
}

private func read(_ socket: borrowing StreamSocket) throws -> ReadBytes {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let result = try buffer.withUnsafeMutableBytes { try socket.read(into: $0) }
    return switch result {
    case .bytes(let count): .bytes(Array(buffer.prefix(count)))
    case .wouldBlock: .wouldBlock
    case .end: .end
    }
}

private func write(_ socket: borrowing StreamSocket, _ bytes: some Sequence<UInt8>) throws -> IOResult {
    let bytes = Array(bytes)
    return try bytes.withUnsafeBytes { try socket.write($0) }
}
