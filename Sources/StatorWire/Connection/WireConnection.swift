/// Which end of the connection this is; it decides the numbers of the streams.
package enum ConnectionSide: Sendable {
    case dialler
    case acceptor
}

/// One connection's protocol without I/O: bytes, calls and time go in, events and bytes come out.
///
/// Life: `handshaking` → `open` → `draining` (GOAWAY sent or received) → `closed`; every state may go
/// to `closed` at once. After each `received`, `timer`, `fillOutbound` or `endOfInput` the caller takes events with
/// `next` until it returns nil. Of the peer's bytes it keeps messages that are under way (`longMessagesMax` of them),
/// nothing else. Not Sendable by itself: its owner confines it.
package struct WireConnection: ~Copyable {
    enum Phase: Equatable { case handshaking, open, draining, closed }

    package let side: ConnectionSide
    /// What waits to be written to the peer. Call `fillOutbound` before looking at it.
    package var outbound = OutboundBuffer()
    var queue = OutboundQueue()
    var phase = Phase.handshaking
    var handshake: HandshakeStateMachine
    var keepalive: KeepaliveStateMachine
    private var stall: StallStateMachine
    var idle: IdleStateMachine
    var draining: DrainStateMachine
    var opened: OpenedStreams
    var accepted: AcceptedStreams
    var assemblies = MessageAssemblies()
    var sendWindow = SendWindow.connection
    var receiveWindow = ConnectionReceiveWindow()
    /// A message was refused for want of the connection's credit.
    var isStopped = false
    /// Streams that were opened by either side.
    var openCount: UInt64 = 0
    var pending = EventQueue()
    var hasDrained = false
    /// The peer's GOAWAY has come.
    var peerGoesAway = false
    let hello: Hello
    let manifest: [UInt8]

    /// Begins with our HELLO in `outbound`. `manifest` is what its fingerprint was made of; `streamsBefore` lets a test
    /// begin near the end of the streams' numbers.
    package init(
        side: ConnectionSide, hello: Hello, manifest: [UInt8], timing: WireTiming = WireTiming(),
        now: WireInstant, streamsBefore: UInt32 = 0
    ) {
        self.side = side
        self.hello = hello
        self.manifest = manifest
        handshake = HandshakeStateMachine(deadline: now.advanced(by: timing.handshakeTimeout))
        keepalive = KeepaliveStateMachine(timing: timing, now: now)
        stall = StallStateMachine(timing: timing)
        idle = IdleStateMachine(timing: timing)
        draining = DrainStateMachine(timing: timing)
        opened = OpenedStreams(firstID: (side == .dialler ? 1 : 2) + 2 * streamsBefore)
        accepted = AcceptedStreams(firstID: side == .dialler ? 2 : 1)
        hello.write(to: &outbound)
    }

    // A client module that destroyed the parts one by one would not run those of theirs that are internal here
    // (compiler 6.3.1, optimised).
    deinit {}

    /// Whether a new stream may be opened now.
    package var isReady: Bool { phase == .open }
    package var isClosed: Bool { phase == .closed }
    package var isGoingAway: Bool { phase == .draining }
    package var openedStreamCount: Int { opened.count }
    /// Asked for with every call: mutating, since a reader from another module would first copy the whole machine.
    package var acceptedStreamCount: Int { mutating get { accepted.count } }

    /// When `timer` is to be called next; nil: never.
    package var wakeUp: WireInstant? {
        switch phase {
        case .closed: return nil
        case .handshaking: return handshake.deadline
        case .open, .draining:
            var wakeUp = keepalive.wakeUp
            if let deadline = opened.streams.nextDeadline { wakeUp = min(wakeUp, deadline) }
            if let deadline = accepted.streams.nextDeadline { wakeUp = min(wakeUp, deadline) }
            // A connection that drains goes away without that.
            if phase == .open, let idle = idle.wakeUp { wakeUp = min(wakeUp, idle) }
            if let drain = draining.wakeUp { wakeUp = min(wakeUp, drain) }
            return wakeUp
        }
    }

    /// Finish what runs, start nothing new. Repeating it is a no-op; during the handshake it closes.
    ///
    /// The peer is told to open nothing more; what it has opened by then is served. When it must have heard that, it
    /// is told the newest stream that is served. Then, and when no stream is left, `drained` comes.
    package mutating func drain(_ text: String) {
        switch phase {
        case .closed: return
        case .handshaking: close(.unavailable, text)
        case .open, .draining:
            guard draining.isNone else { return }
            phase = .draining
            opened.drain()
            GoAway(lastStream: GoAway.allStreams, code: .drain, text: text).write(to: &outbound)
            let ping = keepalive.ping()
            sendPing(ping)
            draining.announce(ping: ping, text)
        }
    }

    /// Everything that the peer opened before it heard of our drain has come.
    mutating func finishDrain(_ answer: DrainStateMachine.OnLook) {
        guard case .finish(let text) = answer else { return }
        accepted.drain()
        sendGoAway(.drain, text)
        noteDrained()
    }

    mutating func sendPing(_ number: UInt64) {
        outbound.append(FrameHeader(payloadLength: 8, type: .ping))
        outbound.append(number)
    }

    /// Ends the connection with a reason that the peer is told. Repeating it is a no-op.
    package mutating func close(_ code: GoAwayCode, _ text: String) {
        close(WireClose(cause: .local, code: code, text: text))
    }

    mutating func close(_ close: WireClose) {
        guard phase != .closed else { return }
        if close.cause != .peer { sendGoAway(close.code, close.text) }
        phase = .closed
        assemblies.removeAll()
        queue.removeAll()
        pending.append(.closed(close))
    }

    /// The peer closed its side of the connection.
    package mutating func endOfInput() {
        close(WireClose(cause: .peer, code: .unavailable, text: "the peer closed the connection"))
    }

    private mutating func sendGoAway(_ code: GoAwayCode, _ text: String) {
        GoAway(lastStream: accepted.lastServed, code: code, text: text).write(to: &outbound)
    }

    @inline(__always)
    mutating func noteDrained() {
        if phase == .draining { noteDrainedIfEmpty() }
    }

    private mutating func noteDrainedIfEmpty() {
        guard !hasDrained, !draining.isAnnounced, opened.count == 0, accepted.count == 0 else { return }
        hasDrained = true
        pending.append(.drained)
    }

    /// Bytes came from the peer: a sign of life. To be called before `next` is given them.
    package mutating func received(now: WireInstant) {
        guard phase != .closed else { return }
        keepalive.receive(now: now)
        checkStall(now: now)
        if phase == .draining { finishDrain(draining.look(now: now)) }
        if idle.isOn { checkIdle(now: now) }
    }

    /// To be called at `wakeUp` or later; earlier calls do nothing.
    package mutating func timer(now: WireInstant) {
        guard phase != .closed else { return }
        if phase == .handshaking {
            guard now >= handshake.deadline else { return }
            return close(WireClose(cause: .violation, code: .timeout, text: "HELLO did not come in time"))
        }
        if opened.count == 0, accepted.count == 0 { releaseMemory() }
        switch keepalive.timer(now: now) {
        case .wait: break
        case .sendPing(let number): sendPing(number)
        case .giveUp:
            return close(WireClose(cause: .violation, code: .timeout, text: "the peer does not answer"))
        }
        expireStreams(now: now)
        finishDrain(draining.look(now: now))
        checkOutbound()
        checkStall(now: now)
        if idle.isOn { checkIdle(now: now) }
    }

    /// Keeps no memory for a burst that may come again: nothing has happened for a while.
    private mutating func releaseMemory() {
        opened.streams.releaseIfEmpty()
        accepted.streams.releaseIfEmpty()
        outbound.releaseIfEmpty()
    }

    private mutating func expireStreams(now: WireInstant) {
        for id in opened.streams.expired(now: now) {
            guard endOpened(id) else { continue }
            outbound.append(FrameHeader(payloadLength: 0, type: .cancel, stream: id))
            pending.append(.deadlineExceeded(id))
        }
        for id in accepted.streams.expired(now: now) {
            guard let stream = endAccepted(id) else { continue }
            CallStatus(.deadlineExceeded, "the call's deadline passed").write(to: &outbound, stream: id)
            if stream.isKnownToOwner { pending.append(.deadlineExceeded(id)) }
        }
        grantConnectionCredit()
        noteDrained()
    }

    /// Control frames are sent without asking for room; a peer that causes too many and reads none is let go.
    mutating func checkOutbound() {
        guard outbound.count > WireLimits.outboundLengthMax, phase != .closed else { return }
        close(WireClose(cause: .violation, code: .limitExceeded, text: Self.doesNotRead))
    }

    /// What waits for a peer that takes nothing, handlers with their responses included, does not wait for ever.
    private mutating func checkStall(now: WireInstant) {
        guard phase != .closed else { return }
        switch stall.look(waiting: outbound.count, sentCount: outbound.sentCount, now: now) {
        case .wait: return
        case .giveUp: close(WireClose(cause: .violation, code: .timeout, text: Self.doesNotRead))
        }
    }

    private static let doesNotRead = "the peer does not read what it is sent"

    private mutating func checkIdle(now: WireInstant) {
        guard phase == .open else { return }
        switch idle.look(streamCount: opened.count + accepted.count, openCount: openCount, now: now) {
        case .wait: return
        case .goAway: drain("idle")
        }
    }
}
