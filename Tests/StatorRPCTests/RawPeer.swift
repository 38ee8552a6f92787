import StatorReactor
import StatorTLS
import TestSupport

/// A peer that sends what it likes, over TLS or without.
final class RawPeer {
    /// Holds the engine, which cannot be copied, where it may be missing.
    private final class Secured {
        var engine: TLSEngine

        init(_ engine: consuming TLSEngine) {
            self.engine = engine
        }
    }

    private let socket: StreamSocket
    private var tls: Secured?
    private var isSecure = false
    /// What has come, and TLS has not used yet.
    private var ciphertext: [UInt8] = []
    private(set) var received: [UInt8] = []
    private(set) var hasEnded = false

    init(_ address: SocketAddress, tls: TestCertificates.Paths? = nil) async throws {
        socket = try StreamSocket.connect(to: address)
        if let tls {
            self.tls = Secured(try TLSEngine(TLSContext(tls.configuration, role: .client), role: .client))
        }
        // Connecting over the loopback is over at once; writing tells.
        if self.tls != nil { try await shakeHands() }
    }

    private func shakeHands() async throws {
        try await waitUntil(pollEvery: .milliseconds(1), "TLS is established") { [self] in
            let progress = try lend { engine, input, output in try engine.handshake(from: &input, to: &output) }
            if progress == .needsInput { try readOnce() }
            isSecure = progress == .complete
            return isSecure
        }
        readPlaintext()
    }

    func send(_ bytes: [UInt8]) throws {
        if tls != nil {
            _ = try bytes.withUnsafeBytes { bytes in
                try lend { engine, _, output in try engine.write(bytes, to: &output) }
            }
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

    /// Calls the engine with what has come, and sends what it says.
    private func lend<Result>(
        _ body: (inout TLSEngine, inout UnsafeRawBufferPointer, inout CiphertextBuffer) throws -> Result
    ) throws -> Result? {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1024 * 1024, alignment: 1)
        defer { memory.deallocate() }
        var output = CiphertextBuffer(memory)
        var used = 0
        let result = Swift.Result {
            try ciphertext.withUnsafeBytes { bytes in
                var rest = bytes
                defer { used = bytes.count - rest.count }
                return try tls.map { try body(&$0.engine, &rest, &output) }
            }
        }
        ciphertext.removeFirst(used)
        _ = try socket.write(output.bytes)
        return try result.get()
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
            guard tls != nil else {
                received += buffer[..<count]
                return
            }
            ciphertext += buffer[..<count]
            if isSecure { readPlaintext() }
        case .end: hasEnded = true
        case .wouldBlock: break
        }
    }

    private func readPlaintext() {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        var isDone = false
        while !isDone {
            let result = try? buffer.withUnsafeMutableBytes { room in
                try lend { engine, input, output in try engine.read(from: &input, into: room, answers: &output) }
            }
            if case .bytes(let count) = result { received += buffer[..<count] } else { isDone = true }
        }
    }
}
