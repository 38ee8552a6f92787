internal import Logging
internal import StatorObjects
internal import StatorReactor
internal import StatorTLS
internal import StatorWire
internal import Synchronization

/// Drives one connection: transport, wire machine and calls.
///
/// What is written during a turn of the loop leaves in one flush at its end, and in a great burst record by record before.
/// `@unchecked Sendable`: apart from `isOpen` its state is touched on the loop's thread only, as its methods assert or are
/// called from where that is certain.
final class ConnectionCore: @unchecked Sendable {
    /// What its server or channel wants to hear, on the loop.
    struct Observer {
        var isReady: (Connection) -> Void
        /// The peer takes no more calls.
        var isGoingAway: () -> Void
        /// The connection is closed and its calls are over; handlers may still be ending.
        var isClosed: (RPCError) -> Void
        /// Neither handlers nor the socket are left.
        var isGone: () -> Void
    }

    /// Memory of its own rather than a property: each access to one of those would be checked at run time for overlaps,
    /// which cannot be, since the machine calls nobody.
    private let machineMemory: UnsafeMutablePointer<WireConnection>
    let settings: ConnectionSettings
    let routes: RouteTable
    let loop: EventLoop
    var logger: Logger
    /// Whether calls can be made on it.
    let isOpen = Atomic<Bool>(false)
    /// Signalled when the outbound queue has room, and when the connection is closed.
    let room: WaitQueue
    /// Signalled when the connection is closed.
    let closing: WaitQueue

    let clientCalls = CallTable<ClientCall>()
    let serverCalls = CallTable<ServerCall>()
    /// Handlers that run in tasks, those of calls that are over included.
    var handlerCount = 0
    var connection: Connection?
    var closeError: RPCError?
    var transport: TLSTransport?
    var observer: Observer?
    var identity: Identity?
    /// The peer's, once it is admitted.
    var account: PeerAccounts.Account?
    var peerHello: Hello?
    /// Which methods the peer serves follows from it.
    var peerServiceVersion: UInt32 = 0
    /// Kept here: the settings' cache may forget it before the handshake is over.
    var peerManifest: Manifest?
    /// What messages are lowered to, and raised from; nil: the peer understands just what this side does.
    var loweringManifest: Manifest?
    let address: SocketAddress
    /// What the server's certificate has to name; nil: that is not looked at.
    let serverName: String?
    private var timer: (id: TimerID, instant: WireInstant)?
    /// The loop's present instant, as the machine counts: worked out once in a turn. Not checked for overlapping
    /// accesses: `now` alone touches them, and calls nothing meanwhile that comes back here.
    @exclusivity(unchecked) private var turnInstant: WireInstant
    @exclusivity(unchecked) private var turnCount: UInt64
    private var isPumping = false
    private var isFlushScheduled = false
    var isTransportGone = false

    init(
        _ settings: ConnectionSettings, side: ConnectionSide, address: SocketAddress, serverName: String? = nil,
        observer: Observer
    ) {
        self.settings = settings
        routes = settings.routes
        self.address = address
        self.serverName = serverName
        self.observer = observer
        loop = settings.loop
        logger = settings.logger
        logger[metadataKey: "peer"] = "\(address)"
        room = WaitQueue(loop: loop)
        closing = WaitQueue(loop: loop)
        turnInstant = WireInstant(loop.now)
        turnCount = loop.turnCount
        machineMemory = .allocate(capacity: 1)
        machineMemory.initialize(
            to: WireConnection(
                side: side, hello: settings.hello, manifest: settings.manifestBytes, timing: settings.timing,
                now: turnInstant))
    }

    deinit {
        machineMemory.deinitialize(count: 1)
        machineMemory.deallocate()
    }

    /// When this turn of the loop began.
    var now: WireInstant {
        if loop.turnCount != turnCount {
            turnInstant = WireInstant(loop.now)
            turnCount = loop.turnCount
        }
        return turnInstant
    }

    /// The connection's protocol.
    var machine: WireConnection {
        // Addresses rather than coroutines, which take memory for each access from another module's function.
        @inline(__always) unsafeAddress { UnsafePointer(machineMemory) }
        @inline(__always) unsafeMutableAddress { machineMemory }
    }

    /// Begins on a socket; throws when it cannot be used at all, and then nothing more is heard of it.
    func start(_ socket: consuming StreamSocket, isConnected: Bool) throws {
        loop.assertInLoop()
        let transport = try TLSTransport(
            socket, isConnected: isConnected, context: settings.credentials.current, serverName: serverName,
            sessionKey: isConnected ? nil : "\(address)", buffers: settings.buffers, loop: loop, owner: self)
        self.transport = transport
        scheduleTimer()
        do {
            try transport.start()
        } catch {
            cancelTimer()
            self.transport = nil
            throw error
        }
    }

    var isClosed: Bool { machine.isClosed }

    /// Ends the connection and all its calls, and tells the peer why.
    func close(_ code: GoAwayCode, _ reason: String, error: RPCError? = nil) {
        loop.assertInLoop()
        if closeError == nil, !machine.isClosed { closeError = error }
        machine.close(code, reason)
        pump()
    }

    /// Finishes what runs, starts nothing new, then closes.
    func drain(_ reason: String) {
        loop.assertInLoop()
        isOpen.store(false, ordering: .relaxed)
        machine.drain(reason)
        pump()
    }

    /// Takes bytes from the peer; returns how many were used up. What is left is less than a frame.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        loop.assertInLoop()
        machine.received(now: now)
        var position = 0
        handleEvents(bytes, &position)
        return machine.isClosed ? bytes.count : position
    }

    /// Something was written, or may have been: sees to it that it is sent.
    func wrote() {
        if machine.hasEvents { return pump() }
        scheduleFlush()
    }

    /// Handles what the machine has to say, and sees to it that what it wrote is sent.
    func pump() {
        loop.assertInLoop()
        // A handler that answers at once comes here again: what is next is not for it to handle.
        guard !isPumping else { return }
        var position = 0
        handleEvents(UnsafeRawBufferPointer(start: nil, count: 0), &position)
    }

    private func handleEvents(_ input: UnsafeRawBufferPointer, _ position: inout Int) {
        let now = now
        isPumping = true
        var flushedAt = WireLimits.frameLengthMax
        while let event = machine.next(input, &position, now: now) {
            handle(event, input)
            // A record's worth leaves at once: the peer works on it while this side goes on with the burst.
            guard machine.outbound.count >= flushedAt else { continue }
            transport?.flush()
            flushedAt = machine.outbound.count + WireLimits.frameLengthMax
        }
        isPumping = false
        scheduleFlush()
        scheduleTimer()
    }

    private func handle(_ event: WireEvent, _ input: UnsafeRawBufferPointer) {
        switch event {
        case .opened(let id, let header, let message, let deadline, let endsStream):
            // Nearly all messages lie in the input; no closure is made for those.
            if case .inPlace(let range) = message {
                let bytes = UnsafeRawBufferPointer(rebasing: input[range])
                accept(id, header, bytes, deadline: deadline, endsStream: endsStream)
            } else if let message {
                message.withBytes(in: input) {
                    accept(id, header, $0, deadline: deadline, endsStream: endsStream)
                }
            } else {
                accept(id, header, nil, deadline: deadline, endsStream: endsStream)
            }
        case .requestMessage(let id, let message, let endsStream):
            let call = serverCalls[id]
            guard let message else { return call?.receive(nil, endsStream: endsStream) ?? () }
            message.withBytes(in: input) { call?.receive($0, endsStream: endsStream) }
        case .responseMessage(let id, let message, let endsStream):
            if case .inPlace(let range) = message {
                receive(UnsafeRawBufferPointer(rebasing: input[range]), on: id, endsStream: endsStream)
            } else {
                message.withBytes(in: input) { receive($0, on: id, endsStream: endsStream) }
            }
        case .status(let id, let status):
            clientCalls.remove(id)?.finish(status.code == .ok ? nil : RPCError(status, from: loweringManifest))
        case .cancelled(let id):
            serverCalls.remove(id)?.cancel()
        case .deadlineExceeded(let id):
            serverCalls.remove(id)?.cancel()
            clientCalls.remove(id)?.finish(.deadlineExceeded(waitingFor: "\(peerDescription) to answer"))
        case .writable(StreamID.connection): room.signalAll()
        case .writable(let id):
            serverCalls[id]?.becomeWritable()
            clientCalls[id]?.becomeWritable()
        case .hello(let hello): receive(hello)
        case .manifest(let bytes): receiveManifest(bytes)
        case .ready: becomeReady()
        case .goingAway(let goAway, let refused): noteGoingAway(goAway, refused: refused)
        case .drained: close(.unavailable, "drained")
        case .closed(let close): becomeClosed(close)
        }
    }

    /// A response came; valid during the call.
    private func receive(_ message: UnsafeRawBufferPointer, on id: StreamID, endsStream: Bool) {
        if endsStream {
            clientCalls.remove(id)?.receive(message, on: id, of: self, endsStream: true)
        } else {
            clientCalls[id]?.receive(message, on: id, of: self, endsStream: false)
        }
    }

    private func noteGoingAway(_ goAway: GoAway, refused: [StreamID]) {
        isOpen.store(false, ordering: .relaxed)
        let text = "\(peerDescription) takes no more calls: \(printable(goAway.text))"
        for id in refused {
            clientCalls.remove(id)?.finish(RPCError(.unavailable, text, origin: .notBegun))
        }
        logger.debug("peer goes away", metadata: ["reason": "\(printable(goAway.text))"])
        observer?.isGoingAway()
    }

    private func becomeClosed(_ close: WireClose) {
        isOpen.store(false, ordering: .relaxed)
        let error = closeError ?? describe(close)
        closeError = error
        let level: Logger.Level = close.cause == .violation ? .warning : .debug
        logger.log(level: level, "connection closed", metadata: ["reason": "\(error.message)"])
        // Empty first: what is resumed may look.
        let (ours, theirs) = (clientCalls.removeAll(), serverCalls.removeAll())
        var lost = error
        lost.origin = .connectionLost
        for call in ours { call.finish(lost) }
        for call in theirs { call.cancel() }
        cancelTimer()
        transport?.close()
        connection = nil
        room.signalAll()
        closing.signalAll()
        observer?.isClosed(error)
        reportIfGone()
    }

    func reportIfGone() {
        // The machine is asked last: with every call that ends, and it is large.
        guard isTransportGone || transport == nil, handlerCount == 0, machine.isClosed, let observer else { return }
        self.observer = nil
        if account != nil, let identity { settings.accounts.leave(identity) }
        observer.isGone()
    }

    /// Once per turn, when everything else in it has been done.
    func scheduleFlush() {
        guard !isFlushScheduled, machine.hasOutbound else { return }
        isFlushScheduled = true
        loop.execute { [self] in
            isFlushScheduled = false
            transport?.flush()
            scheduleTimer()
        }
    }

    func scheduleTimer() {
        guard let wakeUp = machine.wakeUp else { return }
        // One that fires too early finds nothing to do and is set again: cheaper than moving it with each frame.
        if let timer, timer.instant <= wakeUp { return }
        cancelTimer()
        let id = loop.schedule(at: wakeUp.instant) { [self] in
            timer = nil
            machine.timer(now: now)
            clientCalls.releaseIfEmpty()
            serverCalls.releaseIfEmpty()
            pump()
        }
        timer = (id, wakeUp)
    }

    private func cancelTimer() {
        if let timer { loop.cancel(timer.id) }
        timer = nil
    }
}
