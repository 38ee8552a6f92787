internal import Logging
internal import StatorObjects
internal import StatorReactor
internal import StatorWire
internal import Synchronization

/// Drives one connection: transport, wire machine and calls.
///
/// Everything that is written during a turn of the loop leaves in one flush at its end. `@unchecked
/// Sendable`: apart from `isOpen` its state is touched on the loop's thread only, as its methods assert or are
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

    let settings: ConnectionSettings
    let loop: EventLoop
    var logger: Logger
    /// Whether calls can be made on it.
    let isOpen = Atomic<Bool>(false)
    /// Signalled when the outbound queue has room, and when the connection is closed.
    let room: WaitQueue
    /// Signalled when the connection is closed.
    let closing: WaitQueue

    var machine: WireConnection
    var clientCalls: [StreamID: ClientCall] = [:]
    var serverCalls: [StreamID: ServerCall] = [:]
    /// Handlers that run, those of calls that are over included.
    private(set) var handlerCount = 0
    var connection: Connection?
    var closeError: RPCError?
    var transport: TLSTransport?
    var observer: Observer?
    var identity: Identity?
    /// The peer's, once it is admitted.
    var account: PeerAccounts.Account?
    var peerHello: Hello?
    /// Kept here: the settings' cache may forget it before the handshake is over.
    var peerManifest: Manifest?
    let address: SocketAddress
    private var timer: (id: TimerID, instant: ContinuousClock.Instant)?
    private var isPumping = false
    private var isFlushScheduled = false
    var isTransportGone = false

    init(
        _ settings: ConnectionSettings, side: ConnectionSide, address: SocketAddress, observer: Observer
    ) {
        self.settings = settings
        self.address = address
        self.observer = observer
        loop = settings.loop
        logger = settings.logger
        logger[metadataKey: "peer"] = "\(address)"
        room = WaitQueue(loop: loop)
        closing = WaitQueue(loop: loop)
        machine = WireConnection(
            side: side, hello: settings.hello, manifest: settings.manifestBytes, timing: settings.timing, now: loop.now)
    }

    /// Begins on a socket; throws when it cannot be used at all, and then nothing more is heard of it.
    func start(_ socket: consuming StreamSocket, isConnected: Bool) throws {
        loop.assertInLoop()
        let transport = try TLSTransport(
            socket, isConnected: isConnected, context: settings.context, buffers: settings.buffers, loop: loop,
            owner: self)
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

    /// Handles what the machine has to say, and sees to it that what it wrote is sent.
    func pump() {
        loop.assertInLoop()
        // A handler that answers at once comes here again: what is next is not for it to handle.
        guard !isPumping else { return }
        isPumping = true
        while let event = machine.next(now: loop.now) { handle(event) }
        isPumping = false
        scheduleFlush()
        scheduleTimer()
    }

    private func handle(_ event: WireEvent) {
        switch event {
        case .hello(let hello): receive(hello)
        case .manifest(let bytes): receiveManifest(bytes)
        case .ready: becomeReady()
        case .opened(let id, let header, let message, let deadline, let endsStream):
            accept(id, header, message, deadline: deadline, endsStream: endsStream)
        // No method has a second request yet: such calls were refused when they were opened.
        case .requestMessage: break
        case .responseMessage(let id, let message, let endsStream):
            let call = endsStream ? clientCalls.removeValue(forKey: id) : clientCalls[id]
            call?.receive(message, endsStream: endsStream)
        case .status(let id, let status):
            clientCalls.removeValue(forKey: id)?.finish(status.code == .ok ? nil : RPCError(status))
        case .cancelled(let id):
            serverCalls.removeValue(forKey: id)?.cancel()
        case .deadlineExceeded(let id):
            serverCalls.removeValue(forKey: id)?.cancel()
            clientCalls.removeValue(forKey: id)?.finish(.deadlineExceeded(waitingFor: "\(peerDescription) to answer"))
        case .writable(let id):
            serverCalls[id]?.becomeWritable()
        case .goingAway(let goAway, let refused):
            isOpen.store(false, ordering: .relaxed)
            let text = "\(peerDescription) takes no more calls: \(printable(goAway.text))"
            for id in refused {
                clientCalls.removeValue(forKey: id)?.finish(RPCError(.unavailable, text, origin: .notBegun))
            }
            logger.debug("peer goes away", metadata: ["reason": "\(printable(goAway.text))"])
            observer?.isGoingAway()
        case .drained:
            close(.unavailable, "drained")
        case .closed(let close):
            becomeClosed(close)
        }
    }

    private func becomeClosed(_ close: WireClose) {
        isOpen.store(false, ordering: .relaxed)
        let error = closeError ?? describe(close)
        closeError = error
        let level: Logger.Level = close.cause == .violation ? .warning : .debug
        logger.log(level: level, "connection closed", metadata: ["reason": "\(error.message)"])
        // Empty first: what is resumed may look.
        let (ours, theirs) = (clientCalls, serverCalls)
        clientCalls = [:]
        serverCalls = [:]
        var lost = error
        lost.origin = .connectionLost
        for call in ours.values { call.finish(lost) }
        for call in theirs.values { call.cancel() }
        cancelTimer()
        transport?.close()
        connection = nil
        room.signalAll()
        closing.signalAll()
        observer?.isClosed(error)
        reportIfGone()
    }

    func handlerStarted() {
        handlerCount += 1
    }

    func serverCallEnded(_ id: StreamID, _ call: ServerCall) {
        loop.assertInLoop()
        if serverCalls[id] === call { serverCalls[id] = nil }
        account?.endCall(requestLength: call.requestLength)
        handlerCount -= 1
        reportIfGone()
    }

    func reportIfGone() {
        guard machine.isClosed, isTransportGone || transport == nil, handlerCount == 0, let observer else { return }
        self.observer = nil
        if account != nil, let identity { settings.accounts.leave(identity) }
        observer.isGone()
    }

    /// Once per turn, when everything else in it has been done.
    func scheduleFlush() {
        guard !isFlushScheduled, machine.outbound.count > 0 else { return }
        isFlushScheduled = true
        loop.execute { [self] in
            isFlushScheduled = false
            transport?.flush()
            scheduleTimer()
        }
    }

    private func scheduleTimer() {
        guard let wakeUp = machine.wakeUp else { return }
        // One that fires too early finds nothing to do and is set again: cheaper than moving it with each frame.
        if let timer, timer.instant <= wakeUp { return }
        cancelTimer()
        let id = loop.schedule(at: wakeUp) { [self] in
            timer = nil
            machine.timer(now: loop.now)
            pump()
        }
        timer = (id, wakeUp)
    }

    private func cancelTimer() {
        if let timer { loop.cancel(timer.id) }
        timer = nil
    }
}
