internal import StatorReactor
internal import StatorTLS
internal import StatorWire

/// What a transport tells its connection, on the loop.
protocol TransportOwner: AnyObject {
    /// TLS is established; the URIs are those of the peer's verified certificate.
    func transportIsSecure(peerURIs: [String])
    /// Bytes came, valid during the call; returns how many of them, from the front, are used up. The rest, less than a
    /// frame, is given again in front of what comes next.
    func transportReceived(_ bytes: UnsafeRawBufferPointer) -> Int
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
/// then the peer's end is awaited for a moment) → `gone`. Loop-confined. Between bursts it holds no buffer, unless a frame
/// has come in part or the socket is full.
final class TLSTransport: ReadinessHandler {
    private enum State { case connecting, handshaking, open, closing, gone }

    /// Why decrypting stopped.
    private enum Pause {
        case needsInput
        case needsRoom
        case closedByPeer
        case failed(TLSError)
    }

    /// How often one turn writes to one socket. It reads once: a burst from one peer is what the others wait for.
    private static let writesPerTurnMax = 16
    /// How long a closed connection waits for the peer to have read why.
    private static let lingerTime: Duration = .seconds(1)

    private let loop: EventLoop
    private let socket: StreamSocket
    private var engine: TLSEngine
    private let buffers: IOBuffers
    /// Let go of with the transport's end. Strong, since a weak reference makes all counting of its object slow.
    private var owner: (any TransportOwner)?
    private var state: State
    private var registration: Registration?
    private var interest: Interest = []
    /// What the owner did not use up of the last burst.
    private var rest: [UInt8] = []
    /// Ciphertext that the socket did not take.
    private var unsent: [UInt8] = []
    private var unsentStart = 0
    private var hasShutDown = false
    /// TLS is established and has not failed.
    private var canEncrypt = false
    private var lingerTimer: TimerID?

    /// - Parameters:
    ///   - serverName: When dialling: what the server's certificate must be for, by DNS name or address; nil: any.
    ///   - sessionKey: When dialling: by what the server is known, so that its last session is taken up again.
    init(
        _ socket: consuming StreamSocket, isConnected: Bool, context: TLSContext, serverName: String? = nil,
        sessionKey: String? = nil, buffers: IOBuffers, loop: EventLoop, owner: any TransportOwner
    ) throws(TLSError) {
        self.socket = socket
        self.loop = loop
        self.buffers = buffers
        self.owner = owner
        engine = try TLSEngine(context, role: context.role, serverName: serverName, sessionKey: sessionKey)
        state = isConnected ? .handshaking : .connecting
    }

    var peerAddress: SocketAddress { socket.peerAddress }

    /// Whether TLS took up an earlier session.
    var isResumed: Bool { engine.isResumed }

    /// Why the peer would be refused under a newer context; nil when it would not, or is not known yet.
    func refusal(under context: TLSContext) -> TLSError? {
        state == .open ? context.refusal(of: engine) : nil
    }

    /// Registers with the loop and begins.
    func start() throws(ReactorError) {
        interest = state == .connecting ? .write : .read
        registration = try loop.register(socket.descriptor, interest: interest, handler: self)
        if state == .handshaking { takeNothing() }
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
            rest = []
            lingerTimer = loop.schedule(at: loop.now.advanced(by: Self.lingerTime)) { self.dispose() }
            flush()
        }
    }

    private func finishConnecting() {
        do {
            try socket.finishConnect()
        } catch {
            return end(error)
        }
        state = .handshaking
        takeNothing()
    }

    private func setInterest(_ wanted: Interest) throws(ReactorError) {
        guard wanted != interest, let registration else { return }
        try loop.update(registration, interest: wanted)
        interest = wanted
    }

    private func end(_ error: ReactorError) {
        end(RPCError(.unavailable, error.description, cause: error))
    }

    private func end(_ error: TLSError) {
        canEncrypt = false
        let isAboutIdentity = error.code == .certificateRejected || error.code == .refusedByPeer
        end(
            RPCError(
                isAboutIdentity ? .unauthenticated : .unavailable,
                "TLS with \(peerAddress): \(printable(error.message))", cause: error))
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

// From the socket to the owner.
extension TLSTransport {
    private func read() {
        do {
            switch try socket.read(into: buffers.received) {
            case .bytes(let count): take(UnsafeRawBufferPointer(rebasing: buffers.received[..<count]))
            case .wouldBlock: return
            case .end: end(RPCError(.unavailable, "\(peerAddress) cut the connection off"))
            }
        } catch {
            end(error)
        }
    }

    /// Goes on with the handshake, which on the dialling side begins without input.
    private func takeNothing() {
        take(UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// Goes on with the handshake or hands out what came, as far as it goes.
    private func take(_ ciphertext: UnsafeRawBufferPointer) {
        var input = ciphertext
        if state == .handshaking { shakeHands(&input) }
        if state == .open { deliver(&input) }
    }

    private func shakeHands(_ input: inout UnsafeRawBufferPointer) {
        var needsRoom = true
        while needsRoom, state == .handshaking {
            needsRoom = false
            var output = roomForAnswers
            do throws(TLSError) {
                let progress = try engine.handshake(from: &input, to: &output)
                needsRoom = progress == .needsRoom
                guard send(output), progress == .complete else { continue }
                let uris = try engine.peerURIs()
                state = .open
                canEncrypt = true
                owner?.transportIsSecure(peerURIs: uris)
            } catch {
                if send(output) { end(error) }
            }
        }
    }

    /// Decrypts all there is and hands it over at once.
    private func deliver(_ input: inout UnsafeRawBufferPointer) {
        var count = takeRest()
        var isDone = false
        while !isDone, state == .open {
            let countBefore = count
            let pause = decrypt(&input, &count)
            if count > countBefore, state == .open, let owner {
                let used = owner.transportReceived(UnsafeRawBufferPointer(rebasing: buffers.plaintext[..<count]))
                forget(used, of: &count)
            }
            guard state == .open else { return }
            switch pause {
            case .needsInput: isDone = true
            case .needsRoom: isDone = isStuck(count)
            case .closedByPeer: return end(RPCError(.unavailable, "\(peerAddress) closed the connection"))
            case .failed(let error): return end(error)
            }
        }
        if count > 0, state == .open { keepRest(count) }
    }

    /// Decrypts record after record behind what is there.
    private func decrypt(_ input: inout UnsafeRawBufferPointer, _ count: inout Int) -> Pause {
        var output = roomForAnswers
        var pause: Pause?
        while pause == nil, count < buffers.plaintext.count {
            do throws(TLSError) {
                let room = UnsafeMutableRawBufferPointer(rebasing: buffers.plaintext[count...])
                switch try engine.read(from: &input, into: room, answers: &output) {
                case .bytes(let more): count += more
                case .needsInput: pause = .needsInput
                case .closed: pause = .closedByPeer
                }
            } catch {
                pause = .failed(error)
            }
        }
        // What TLS answers by itself waits for no message of ours. When it cannot be sent, the connection has ended.
        _ = send(output)
        return pause ?? .needsRoom
    }

    private func takeRest() -> Int {
        let count = rest.count
        if count > 0 {
            rest.withUnsafeBytes { buffers.plaintext.copyMemory(from: $0) }
            rest = []
        }
        return count
    }

    private func keepRest(_ count: Int) {
        rest = [UInt8](buffers.plaintext[..<count])
    }

    /// Moves what is not used up to the front.
    private func forget(_ used: Int, of count: inout Int) {
        let used = min(max(0, used), count)
        count -= used
        guard used > 0, count > 0, let base = buffers.plaintext.baseAddress else { return }
        base.copyMemory(from: base + used, byteCount: count)
    }

    /// Ends the connection when its owner does not use up what it must; then nothing would ever move again.
    private func isStuck(_ count: Int) -> Bool {
        guard count > IOBuffers.restLengthMax else { return false }
        end(RPCError(.internal, "what \(peerAddress) sent was left over"))
        return true
    }

    /// Reads what still comes, so that the system does not answer it with a reset that would take away
    /// from the peer what was written last.
    private func discardInput() {
        switch try? socket.read(into: buffers.received) {
        case .bytes, .wouldBlock: return
        case .end, nil: dispose()
        }
    }
}

// From the owner to the socket.
extension TLSTransport {
    /// Encrypts and writes what is outbound, until it is all written or the socket takes no more.
    func flush() {
        guard state != .gone, state != .connecting else { return }
        do {
            var isBlocked = try !writeUnsent()
            var isDone = false
            var remaining = Self.writesPerTurnMax
            while !isBlocked, !isDone, remaining > 0 {
                remaining -= 1
                let output = try encryptOutbound()
                isDone = output.count == 0
                if !isDone { isBlocked = try !write(output.bytes) }
            }
            if isDone, state == .closing, !hasShutDown {
                try shutDown()
                isBlocked = !unsent.isEmpty
            }
            // Where it could go on, the loop comes back to it after the others.
            try setInterest(isDone && !isBlocked ? .read : [.read, .write])
        } catch let error as ReactorError {
            end(error)
        } catch let error as TLSError {
            end(error)
        } catch {
            end(RPCError(.internal, "\(error)", cause: error))
        }
    }

    /// As much as goes into one write; nothing when there is nothing.
    private func encryptOutbound() throws(TLSError) -> CiphertextBuffer {
        var output = CiphertextBuffer(buffers.toSend)
        guard canEncrypt, let owner else { return output }
        var taken = 1
        var countLeft = IOBuffers.burstLength
        while taken > 0, countLeft > 0 {
            taken = 0
            try owner.withOutbound(countLeft) { bytes throws(TLSError) in
                guard !bytes.isEmpty else { return 0 }
                taken = try engine.write(bytes, to: &output)
                return taken
            }
            countLeft -= taken
        }
        return output
    }

    /// Where TLS puts what it has to say by itself. A peer that takes nothing is left less and less of it, and then none.
    private var roomForAnswers: CiphertextBuffer {
        let room = 2 * buffers.toSend.count - (unsent.count - unsentStart)
        return CiphertextBuffer(UnsafeMutableRawBufferPointer(rebasing: buffers.toSend.prefix(max(0, room))))
    }

    /// Sends what TLS has to say by itself, behind what waits. False: that has ended the connection.
    private func send(_ output: CiphertextBuffer) -> Bool {
        guard output.count > 0 else { return true }
        do {
            if unsent.isEmpty {
                if try !write(output.bytes) { try setInterest([.read, .write]) }
            } else {
                unsent += output.bytes
            }
            return true
        } catch {
            end(error)
            return false
        }
    }

    /// False: the socket takes no more now, and what it has not taken is kept.
    private func write(_ bytes: UnsafeRawBufferPointer) throws(ReactorError) -> Bool {
        var written = 0
        if case .bytes(let count) = try socket.write(bytes) { written = count }
        guard written < bytes.count else { return true }
        unsent = [UInt8](bytes[written...])
        unsentStart = 0
        return false
    }

    /// False: the socket takes no more now.
    private func writeUnsent() throws(ReactorError) -> Bool {
        guard !unsent.isEmpty else { return true }
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
        canEncrypt = false
        var output = CiphertextBuffer(buffers.toSend)
        engine.close(to: &output)
        if output.count > 0, try !write(output.bytes) { return }
        hasShutDown = true
        try socket.shutdownWrite()
    }
}
