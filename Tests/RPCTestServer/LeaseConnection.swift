import RPCTestService
import StatorRPC
import StatorReactor
import StatorTLS
import StatorWire

/// One connection of a host that is idle but for its lease; shares all that can be shared, so that one process holds
/// many. On its loop only.
final class LeaseConnection: ReadinessHandler {
    struct Observer {
        let isReady: () -> Void
        let isRenewed: () -> Void
        let isRefused: (CallStatus) -> Void
        let isEnded: (String) -> Void
    }

    /// An encoded request.
    private struct Request: MessageBytes {
        private static let bytes = [0x0A, 0x05] + [UInt8]("lease".utf8)

        var byteCountMax: Int { Self.bytes.count }

        func write(into buffer: UnsafeMutableRawBufferPointer) -> Int {
            buffer.copyBytes(from: Self.bytes)
            return Self.bytes.count
        }
    }

    private enum State { case connecting, handshaking, open, ended }

    private let loop: EventLoop
    private let socket: StreamSocket
    private var engine: TLSEngine
    private var machine: WireConnection
    private let fingerprint: [UInt8]
    private let memory: LeaseMemory
    private let observer: Observer
    private var registration: Registration?
    private var state = State.connecting
    private var rest: [UInt8] = []

    init(
        to address: SocketAddress, context: TLSContext, hello: Hello, manifest: [UInt8], memory: LeaseMemory,
        loop: EventLoop, observer: Observer
    ) throws {
        self.loop = loop
        self.memory = memory
        self.observer = observer
        fingerprint = hello.fingerprint
        socket = try StreamSocket.connect(to: address)
        engine = try TLSEngine(context, role: .client)
        machine = WireConnection(side: .dialler, hello: hello, manifest: manifest, now: WireInstant(loop.now))
        registration = try loop.register(socket.descriptor, interest: .write, handler: self)
    }

    func renew() {
        guard state == .open else { return }
        _ = machine.open(
            CallHeader(method: TestMethods.lease.id, idempotencyKey: nil, trace: nil), message: Request(),
            endsStream: true, isPriority: true, deadline: nil, now: WireInstant(loop.now))
        attempt { try flush() }
    }

    func close() {
        state = .ended
        if let registration { loop.deregister(registration) }
        registration = nil
    }

    func ready(_ readiness: Readiness) {
        attempt {
            if state == .connecting, let registration {
                try socket.finishConnect()
                state = .handshaking
                try loop.update(registration, interest: .read)
                try take(UnsafeRawBufferPointer(start: nil, count: 0))
            }
            guard readiness.contains(.readable), state != .ended else { return }
            switch try socket.read(into: memory.received) {
            case .bytes(let count): try take(UnsafeRawBufferPointer(rebasing: memory.received[..<count]))
            case .wouldBlock: return
            case .end: end("the server cut it off")
            }
        }
    }

    private func attempt(_ body: () throws -> Void) {
        do { try body() } catch { end("\(error)") }
    }

    private func end(_ reason: String) {
        guard state != .ended else { return }
        close()
        observer.isEnded(reason)
    }

    private func take(_ ciphertext: UnsafeRawBufferPointer) throws {
        var input = ciphertext
        var needsRoom = state == .handshaking
        while needsRoom {
            var output = CiphertextBuffer(memory.toSend)
            let progress = try engine.handshake(from: &input, to: &output)
            try send(output)
            needsRoom = progress == .needsRoom
            if progress == .complete { state = .open }
        }
        guard state == .open else { return }
        var isDone = false
        while !isDone, state == .open {
            var output = CiphertextBuffer(memory.toSend)
            let result = try engine.read(from: &input, into: memory.plaintext, answers: &output)
            try send(output)
            switch result {
            case .bytes(let count): rest += memory.plaintext[..<count]
            case .needsInput: isDone = true
            case .closed: return end("the server closed it")
            }
        }
        handleEvents()
        if state == .open { try flush() }
    }

    private func handleEvents() {
        let now = WireInstant(loop.now)
        machine.received(now: now)
        let used = rest.withUnsafeBytes { bytes in
            var position = 0
            while let event = machine.next(bytes, &position, now: now) { handle(event) }
            return position
        }
        rest = used < rest.count ? Array(rest[used...]) : []
    }

    private func handle(_ event: WireEvent) {
        switch event {
        case .hello(let hello):
            attempt { try machine.acknowledgeHello(wantsManifest: hello.fingerprint != fingerprint) }
        case .ready: observer.isReady()
        case .responseMessage: observer.isRenewed()
        case .status(_, let status): observer.isRefused(status)
        case .closed(let close): end(close.text)
        case .goingAway(let goAway, _): end("going away: \(goAway.text)")
        default: break
        }
    }

    private func flush() throws {
        var isDone = false
        while !isDone {
            machine.fillOutbound()
            var output = CiphertextBuffer(memory.toSend)
            let result = machine.outbound.withBytes { bytes in
                Result { () throws(TLSError) in bytes.isEmpty ? 0 : try engine.write(bytes, to: &output) }
            }
            let count = try result.get()
            machine.outbound.consume(count)
            try send(output)
            isDone = count == 0
        }
    }

    /// So little is sent that the socket always has room for it.
    private func send(_ output: CiphertextBuffer) throws {
        guard output.count > 0 else { return }
        guard case .bytes(output.count) = try socket.write(output.bytes) else {
            throw ArgumentError("the socket is full")
        }
    }
}

/// Scratch memory of one loop's connections.
final class LeaseMemory {
    let received = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
    let plaintext = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
    let toSend = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)

    deinit {
        received.deallocate()
        plaintext.deallocate()
        toSend.deallocate()
    }
}
