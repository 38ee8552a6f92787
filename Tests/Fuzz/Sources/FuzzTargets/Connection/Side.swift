import StatorWire

/// One end of the connection under attack, with the calls as its owner has them.
final class Side {
    let side: ConnectionSide
    var wire: WireConnection
    /// Bytes from the peer, the last of them less than a frame.
    private var inbox: [UInt8] = []
    var opened: [OpenedCall] = []
    var served: [ServedCall] = []
    // Looked up with each event: a program may open thousands of calls.
    private var openedIndices: [UInt32: Int] = [:]
    private var servedIndices: [UInt32: Int] = [:]
    var liveOpenedCount = 0
    var liveServedCount = 0
    /// A message was refused for want of the connection's credit.
    var isStopped = false
    var wantsManifest = false
    var isReady = false
    var hasDrained = false
    var close: WireClose?

    /// What the ends of all streams may take in the queue.
    private static let overheads = 64 * 1024 * 4
    static let manifest = [UInt8]("stator.v1.Instance 1.1\n".utf8)
    static let hello = Hello(
        serviceVersion: 7, fingerprint: [UInt8](repeating: 0xAB, count: WireLimits.fingerprintLength), release: "0.1.0")

    init(_ side: ConnectionSide, timing: WireTiming, now: WireInstant, streamsBefore: UInt32) {
        self.side = side
        wire = WireConnection(
            side: side, hello: Self.hello, manifest: Self.manifest, timing: timing, now: now,
            streamsBefore: streamsBefore)
    }

    // A number says which side opened its stream.
    func isOurs(_ id: StreamID) -> Bool { (id.rawValue % 2 == 1) == (side == .dialler) }

    func openedIndex(_ id: StreamID) -> Int? { openedIndices[id.rawValue] }
    func servedIndex(_ id: StreamID) -> Int? { servedIndices[id.rawValue] }

    /// A call of ours began.
    func add(_ call: OpenedCall) {
        openedIndices[call.id.rawValue] = opened.count
        opened.append(call)
        liveOpenedCount += 1
    }

    /// A call of the peer's was delivered.
    func add(_ call: ServedCall) {
        servedIndices[call.id.rawValue] = served.count
        served.append(call)
        liveServedCount += 1
    }

    /// Ends a call of ours; each ends once.
    func endOpened(_ id: StreamID, _ cause: String) {
        guard let index = openedIndex(id) else { fail("\(cause) of call \(id), which was never opened") }
        require(!opened[index].isOver, "\(cause) of call \(id), which is over")
        opened[index].isOver = true
        liveOpenedCount -= 1
    }

    func endServed(_ id: StreamID, _ cause: String) {
        guard let index = servedIndex(id) else { fail("\(cause) of call \(id), which was never delivered") }
        require(!served[index].isOver && !served[index].isFinished, "\(cause) of call \(id), which is over")
        served[index].isOver = true
        liveServedCount -= 1
    }

    /// A message was refused. When nothing waits it was for want of credit, and this side is told when there is some.
    func noteNoRoom() {
        if !wire.hasOutbound { isStopped = true }
    }

    /// This side answered to the end.
    func finishServed(_ index: Int) {
        served[index].isFinished = true
        liveServedCount -= 1
    }

    /// Moves up to `countMax` bytes of what waits to be sent into the peer's hands; returns how many.
    func send(
        to peer: Side, _ countMax: Int, now: WireInstant,
        _ take: (WireEvent, UnsafeRawBufferPointer) -> Void
    ) -> Int {
        wire.fillOutbound()
        let count = min(countMax, wire.outbound.count)
        guard count > 0 else { return 0 }
        wire.outbound.withBytes { peer.inbox.append(contentsOf: UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
        wire.outbound.consume(count)
        peer.receive(now: now, take)
        return count
    }

    /// Bytes that the peer's machine never wrote.
    func inject(_ bytes: UnsafeRawBufferPointer) {
        inbox.append(contentsOf: bytes)
    }

    func receive(now: WireInstant, _ take: (WireEvent, UnsafeRawBufferPointer) -> Void) {
        wire.received(now: now)
        takeEvents(now: now, take)
    }

    /// Takes all events; what is left of the input is less than a frame.
    func takeEvents(now: WireInstant, _ take: (WireEvent, UnsafeRawBufferPointer) -> Void) {
        var position = 0
        inbox.withUnsafeBytes { input in
            while let event = wire.next(input, &position, now: now) {
                require(position >= 0 && position <= input.count, "a position outside of the input")
                take(event, input)
            }
            require(position >= 0 && position <= input.count, "a position outside of the input")
        }
        if wire.isClosed {
            inbox.removeAll()
            return
        }
        require(inbox.count - position < WireLimits.frameLengthMax, "a whole frame was left in the input")
        inbox.removeFirst(position)
    }

    /// What must hold between any two events.
    func checkBounds() {
        require(
            wire.outbound.count <= WireLimits.outboundLengthMax + WireLimits.frameLengthMax,
            "\(wire.outbound.count) bytes wait for a peer that does not read")
        guard !wire.isClosed else { return }
        let accounts = wire.accounts
        require(
            accounts.receiveCredit + accounts.returnedCredit + accounts.heldCredit
                == WireLimits.initialConnectionWindow, "credit of the connection leaks: \(accounts)")
        require(
            accounts.assemblyCount <= WireLimits.longMessagesMax
                && accounts.assembledBytes <= WireLimits.longMessagesMax * WireLimits.messageLengthMax,
            "too much is kept of messages that are under way: \(accounts)")
        require(
            accounts.queuedBytes
                <= WireLimits.outboundHighMark + WireLimits.priorityRoom + WireLimits.messageLengthMax + Self.overheads,
            "too much waits to be sent: \(accounts)")
        require(
            wire.openedStreamCount == liveOpenedCount,
            "\(wire.openedStreamCount) streams are open for \(liveOpenedCount) calls")
        let served = wire.acceptedStreamCount
        require(
            served >= liveServedCount && served <= WireLimits.streamsMax + WireLimits.priorityStreamsMax,
            "\(served) streams of the peer's for \(liveServedCount) calls")
    }
}
