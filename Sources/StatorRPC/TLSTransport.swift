internal import StatorReactor
internal import StatorTLS
internal import StatorWire

/// What a transport tells its connection, on the loop.
protocol TransportOwner: AnyObject {
    /// TLS is established; the URIs are those of the peer's verified certificate.
    func transportIsSecure(peerURIs: [String])
    /// Bytes came; valid during the call.
    func transportReceived(_ bytes: RawSpan)
    /// The connection is lost, or was closed by the peer; at most once, and not after `close`.
    func transportEnded(_ error: RPCError)
    /// Hands the oldest bytes that wait to be sent to `body`, at most `countMax`; forgets as many as it says it took.
    func withOutbound(_ countMax: Int, _ body: (UnsafeRawBufferPointer) throws(TLSError) -> Int) throws(TLSError)
    /// Nothing of the transport is left.
    func transportIsGone()
}

/// One connection's socket and TLS: moves bytes between the peer and its owner, and decides nothing.
///
/// States: `connecting` (dialling only) → `handshaking` → `open` → `closing` (what is outbound is written,
/// then the peer's end is awaited for a moment) → `gone`. Loop-confined.
final class TLSTransport: ReadinessHandler {
    private enum State { case connecting, handshaking, open, closing, gone }

    /// How often one turn reads from one socket; the others get their turn then.
    private static let readsPerTurnMax = 4
    /// How long a closed connection waits for the peer to have read why.
    private static let lingerTime: Duration = .seconds(1)

    private let loop: EventLoop
    private let socket: StreamSocket
    private var engine: TLSEngine
    private let buffers: IOBuffers
    private weak var owner: (any TransportOwner)?
    private var state: State
    private var registration: Registration?
    private var interest: Interest = []
    /// Ciphertext that the socket did not take.
    private var unsent: [UInt8] = []
    private var unsentStart = 0
    private var hasShutDown = false
    /// TLS is established and has not failed.
    private var canEncrypt = false
    private var lingerTimer: TimerID?

    init(
        _ socket: consuming StreamSocket, isConnected: Bool, context: TLSContext, buffers: IOBuffers, loop: EventLoop,
        owner: any TransportOwner
    ) throws(TLSError) {
        self.socket = socket
        self.loop = loop
        self.buffers = buffers
        self.owner = owner
        engine = try TLSEngine(context, role: context.role)
        state = isConnected ? .handshaking : .connecting
    }

    var peerAddress: SocketAddress { socket.peerAddress }

    /// Registers with the loop and begins.
    func start() throws(ReactorError) {
        interest = state == .connecting ? .write : .read
        registration = try loop.register(socket.descriptor, interest: interest, handler: self)
        if state == .handshaking { proceed() }
    }

    func ready(_ readiness: Readiness) {
        switch state {
        case .connecting: finishConnecting()
        case .handshaking, .open:
            if readiness.contains(.readable) { read() }
            if readiness.contains(.writable) { flush() }
        case .closing:
            if readiness.contains(.writable) { flush() }
            if readiness.contains(.readable) { discardInput() }
        case .gone: break
        }
    }

    /// Writes what is outbound, then closes; the owner hears only `transportIsGone`.
    func close() {
        switch state {
        case .closing, .gone: return
        case .connecting: dispose()
        case .handshaking, .open:
            state = .closing
            lingerTimer = loop.schedule(at: loop.now.advanced(by: Self.lingerTime)) { self.dispose() }
            flush()
        }
    }

    private func finishConnecting() {
        do {
            try socket.finishConnect()
        } catch {
            return end(RPCError(.unavailable, error.description, cause: error))
        }
        state = .handshaking
        proceed()
    }

    private func read() {
        var remaining = Self.readsPerTurnMax
        while remaining > 0, state == .handshaking || state == .open {
            remaining -= 1
            do {
                switch try socket.read(into: buffers.received) {
                case .bytes(let count):
                    engine.receive(UnsafeRawBufferPointer(rebasing: buffers.received[..<count]))
                    proceed()
                    // A short read has emptied the socket.
                    if count < IOBuffers.length { return }
                case .wouldBlock: return
                case .end:
                    return end(RPCError(.unavailable, "\(peerAddress) cut the connection off"))
                }
            } catch {
                return end(RPCError(.unavailable, error.description, cause: error))
            }
        }
    }

    /// Goes on with the handshake or hands out what was received, as far as it goes.
    private func proceed() {
        do {
            if state == .handshaking {
                guard try engine.handshake() == .complete else { return flush() }
                let uris = try engine.peerURIs()
                state = .open
                canEncrypt = true
                flush()
                owner?.transportIsSecure(peerURIs: uris)
            }
            while state == .open {
                switch try engine.read(into: buffers.plaintext) {
                case .bytes(let count):
                    owner?.transportReceived(UnsafeRawBufferPointer(rebasing: buffers.plaintext[..<count]).bytes)
                case .needsInput:
                    // What TLS answers by itself waits for no message of ours.
                    if engine.pendingCiphertextCount > 0 { flush() }
                    return
                case .closed: return end(RPCError(.unavailable, "\(peerAddress) closed the connection"))
                }
            }
        } catch {
            end(tlsFailure(error))
        }
    }

    private func tlsFailure(_ error: TLSError) -> RPCError {
        canEncrypt = false
        let isAboutIdentity = error.code == .certificateRejected || error.code == .refusedByPeer
        return RPCError(
            isAboutIdentity ? .unauthenticated : .unavailable, "TLS with \(peerAddress): \(printable(error.message))",
            cause: error)
    }

    /// Encrypts and writes what is outbound, until it is all written or the socket takes no more.
    func flush() {
        guard state != .gone, state != .connecting else { return }
        do {
            var isBlocked = false
            var isDone = false
            while !isDone, !isBlocked {
                if unsentStart < unsent.count {
                    isBlocked = try !writeUnsent()
                } else if engine.pendingCiphertextCount > 0 {
                    let count = engine.drainCiphertext(into: buffers.toSend)
                    isBlocked = try !write(UnsafeRawBufferPointer(rebasing: buffers.toSend[..<count]))
                } else {
                    isDone = try !encryptOutbound()
                }
            }
            if isDone, state == .closing, !hasShutDown { try shutDown() }
            try setInterest(isBlocked ? [.read, .write] : .read)
        } catch let error as ReactorError {
            end(RPCError(.unavailable, error.description, cause: error))
        } catch let error as TLSError {
            end(tlsFailure(error))
        } catch {
            end(RPCError(.internal, "\(error)", cause: error))
        }
    }

    /// False: there is nothing to encrypt.
    private func encryptOutbound() throws(TLSError) -> Bool {
        guard canEncrypt, let owner else { return false }
        var taken = 0
        try owner.withOutbound(IOBuffers.length) { bytes throws(TLSError) in
            guard !bytes.isEmpty else { return 0 }
            taken = try engine.write(bytes)
            return taken
        }
        return taken > 0
    }

    /// False: the socket takes no more now.
    private func write(_ bytes: UnsafeRawBufferPointer) throws(ReactorError) -> Bool {
        var written = 0
        if case .bytes(let count) = try socket.write(bytes) { written = count }
        guard written < bytes.count else { return true }
        unsent = [UInt8](bytes[written...])
        unsentStart = 0
        return false
    }

    private func writeUnsent() throws(ReactorError) -> Bool {
        let result = unsent.withUnsafeBytes { bytes in
            Result { () throws(ReactorError) in
                try socket.write(UnsafeRawBufferPointer(rebasing: bytes[unsentStart...]))
            }
        }
        guard case .bytes(let count) = try result.get() else { return false }
        unsentStart += count
        guard unsentStart == unsent.count else { return false }
        unsent = []
        unsentStart = 0
        return true
    }

    private func shutDown() throws(ReactorError) {
        hasShutDown = true
        engine.close()
        let count = engine.drainCiphertext(into: buffers.toSend)
        if count > 0 { _ = try write(UnsafeRawBufferPointer(rebasing: buffers.toSend[..<count])) }
        try socket.shutdownWrite()
    }

    /// Reads what still comes, so that the system does not answer it with a reset that would take away
    /// from the peer what was written last.
    private func discardInput() {
        var remaining = Self.readsPerTurnMax
        while remaining > 0, state == .closing {
            remaining -= 1
            switch try? socket.read(into: buffers.received) {
            case .bytes: continue
            case .wouldBlock: return
            case .end, nil: return dispose()
            }
        }
    }

    private func setInterest(_ wanted: Interest) throws(ReactorError) {
        guard wanted != interest, let registration else { return }
        try loop.update(registration, interest: wanted)
        interest = wanted
    }

    /// The connection is lost; an alert that TLS left is still written.
    private func end(_ error: RPCError) {
        switch state {
        case .gone: return
        case .closing: dispose()
        case .connecting, .handshaking, .open:
            let owner = owner
            close()
            owner?.transportEnded(error)
        }
    }

    private func dispose() {
        guard state != .gone else { return }
        state = .gone
        if let lingerTimer { loop.cancel(lingerTimer) }
        if let registration { loop.deregister(registration) }
        owner?.transportIsGone()
        owner = nil
    }
}
