import StatorReactor
import StatorTLS
import TestSupport

/// A peer that sends what it likes, over TLS or without.
final class RawPeer {
    private let socket: StreamSocket
    private var engine: TLSEngine?
    private(set) var received: [UInt8] = []
    private(set) var hasEnded = false

    init(_ address: SocketAddress, tls: TestCertificates.Paths? = nil) async throws {
        socket = try StreamSocket.connect(to: address)
        if let tls {
            engine = try TLSEngine(TLSContext(tls.configuration, role: .client), role: .client)
        }
        // Connecting over the loopback is over at once; writing tells.
        if engine != nil { try await shakeHands() }
    }

    private func shakeHands() async throws {
        try await waitUntil(pollEvery: .milliseconds(1), "TLS is established") { [self] in
            let isComplete = try engine?.handshake() == .complete
            try flush()
            if !isComplete { try readOnce() }
            return isComplete
        }
    }

    func send(_ bytes: [UInt8]) throws {
        if engine != nil {
            _ = try bytes.withUnsafeBytes { try engine?.write($0) }
            try flush()
        } else {
            _ = try bytes.withUnsafeBytes { try socket.write($0) }
        }
    }

    /// Reads until the other side closes.
    func waitForEnd() async throws {
        try await waitUntil("the other side closes") { [self] in
            try readOnce()
            return hasEnded
        }
    }

    func waitForBytes(_ count: Int) async throws {
        try await waitUntil("\(count) bytes have come") { [self] in
            try readOnce()
            return received.count >= count
        }
    }

    private func flush() throws {
        let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            count = engine?.drainCiphertext(into: UnsafeMutableRawBufferPointer(buffer)) ?? 0
        }
        _ = try bytes.withUnsafeBytes { try socket.write($0) }
    }

    private func readOnce() throws {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let result: IOResult
        do {
            result = try buffer.withUnsafeMutableBytes { try socket.read(into: $0) }
        } catch {
            hasEnded = true
            return
        }
        switch result {
        case .bytes(let count):
            guard engine != nil else {
                received += buffer[..<count]
                return
            }
            buffer[..<count].withUnsafeBytes { engine?.receive($0) }
            if try engine?.handshake() == .complete { readPlaintext() }
        case .end: hasEnded = true
        case .wouldBlock: break
        }
    }

    private func readPlaintext() {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        var isDone = false
        while !isDone {
            let result = try? buffer.withUnsafeMutableBytes { try engine?.read(into: $0) }
            if case .bytes(let count) = result { received += buffer[..<count] } else { isDone = true }
        }
    }
}
