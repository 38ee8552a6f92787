/// Which end of the connection this is; it decides the numbers of the streams.
package enum ConnectionSide: Sendable {
    case dialler
    case acceptor
}

/// What the peer did or time brought about. The order is the order on the connection.
package enum WireEvent: Equatable, Sendable {
    /// Answer with `acknowledgeHello(wantsManifest:)`.
    case hello(Hello)
    /// Answer with `acceptManifest()` when it has the fingerprint that HELLO named, else `close`.
    case manifest([UInt8])
    /// Both sides know each other; streams may be opened.
    case ready
    /// The peer opened a stream and its first message is complete.
    case opened(StreamID, CallHeader, message: [UInt8], deadline: ContinuousClock.Instant?, endsStream: Bool)
    /// A further message of the peer's on a stream that it opened.
    case requestMessage(StreamID, [UInt8], endsStream: Bool)
    /// A message on a stream that we opened; with `endsStream` its status is OK and the stream is gone.
    case responseMessage(StreamID, [UInt8], endsStream: Bool)
    /// The end of a stream that we opened; it is gone.
    case status(StreamID, CallStatus)
    /// The peer gave up a stream that it opened; it is gone.
    case cancelled(StreamID)
    /// A stream of either side whose deadline passed; it is gone, and the peer has been told.
    case deadlineExceeded(StreamID)
    /// A stream may be sent on again that was stopped for want of credit.
    case writable(StreamID)
    /// The peer takes no new streams, or there is no number left for one; those of ours that were not begun are gone.
    case goingAway(GoAway, refused: [StreamID])
    /// After draining: no stream is left. Close the connection.
    case drained
    /// The connection is over: write what is outbound (a GOAWAY), then close. The last event.
    case closed(WireClose)
}

/// Why a connection is over.
package struct WireClose: Equatable, Sendable {
    package enum Cause: Equatable, Sendable {
        /// The peer said so or simply closed.
        case peer
        /// What the peer did or failed to do.
        case violation
        /// This side closed it.
        case local
    }

    package var cause: Cause
    package var code: GoAwayCode
    package var text: String

    package init(cause: Cause, code: GoAwayCode, text: String) {
        self.cause = cause
        self.code = code
        self.text = text
    }
}

/// One connection's protocol without I/O: bytes, calls and time go in, events and bytes come out.
///
/// Life: `handshaking` → `open` → `draining` (GOAWAY sent or received) → `closed`; every state may go
/// to `closed` at once. After each `receive`, `timer` or `endOfInput` the caller takes events with
/// `next` until it returns nil; that alone bounds what is kept of the peer's bytes to one frame and
/// one message. Not Sendable by itself: its owner confines it.
package struct WireConnection: ~Copyable {
    enum Phase: Equatable { case handshaking, open, draining, closed }

    package let side: ConnectionSide
    /// What waits to be written to the peer.
    package var outbound = OutboundBuffer()
    var phase = Phase.handshaking
    var decoder = FrameDecoder()
    var handshake: HandshakeStateMachine
    var keepalive: KeepaliveStateMachine
    private var stall: StallStateMachine
    var opened: OpenedStreams
    var accepted: AcceptedStreams
    var assembly: MessageAssembly?
    var pending: [WireEvent] = []
    var hasDrained = false
    private let manifest: [UInt8]

    /// Begins with our HELLO in `outbound`. `manifest` is what its fingerprint was made of; `streamsBefore` lets a test
    /// begin near the end of the streams' numbers.
    package init(
        side: ConnectionSide, hello: Hello, manifest: [UInt8], timing: WireTiming = WireTiming(),
        now: ContinuousClock.Instant, streamsBefore: UInt32 = 0
    ) {
        self.side = side
        self.manifest = manifest
        handshake = HandshakeStateMachine(deadline: now.advanced(by: timing.handshakeTimeout))
        keepalive = KeepaliveStateMachine(timing: timing, now: now)
        stall = StallStateMachine(timing: timing)
        opened = OpenedStreams(firstID: (side == .dialler ? 1 : 2) + 2 * streamsBefore)
        accepted = AcceptedStreams(firstID: side == .dialler ? 2 : 1)
        hello.write(to: &outbound)
    }

    /// Whether a new stream may be opened now.
    package var isReady: Bool { phase == .open }
    package var isClosed: Bool { phase == .closed }
    package var isGoingAway: Bool { phase == .draining }
    /// Whether messages are taken; false until the outbound queue is shorter than its high mark.
    package var hasRoom: Bool { outbound.count < WireLimits.outboundHighMark }
    package var openedStreamCount: Int { opened.count }
    package var acceptedStreamCount: Int { accepted.count }

    /// When `timer` is to be called next; nil: never.
    package var wakeUp: ContinuousClock.Instant? {
        switch phase {
        case .closed: nil
        case .handshaking: handshake.deadline
        case .open, .draining: earlier(keepalive.wakeUp, earlier(opened.nextDeadline, accepted.nextDeadline))
        }
    }

    /// We looked at the peer's HELLO; `wantsManifest` when its fingerprint is not known here.
    package mutating func acknowledgeHello(wantsManifest: Bool) throws(ImpossibleTransition) {
        guard phase != .closed else { return }
        try handshake.acknowledge(wantsManifest: wantsManifest)
        outbound.append(FrameHeader(payloadLength: 1, type: .helloAck))
        outbound.append(wantsManifest ? 1 : 0 as UInt8)
        becomeReadyIfComplete()
    }

    /// The peer's manifest is that of its fingerprint.
    package mutating func acceptManifest() throws(ImpossibleTransition) {
        guard phase != .closed else { return }
        try handshake.acceptManifest()
        becomeReadyIfComplete()
    }

    mutating func sendManifest() {
        outbound.append(manifest, type: .manifest, flags: [], stream: .connection)
    }

    mutating func becomeReadyIfComplete() {
        guard phase == .handshaking, handshake.isComplete else { return }
        phase = .open
        pending.append(.ready)
    }

    /// Finish what runs, start nothing new: GOAWAY with the newest stream that is served. Then
    /// `drained` comes. Repeating it is a no-op; during the handshake it closes.
    package mutating func drain(_ text: String) {
        switch phase {
        case .closed: return
        case .handshaking: close(.unavailable, text)
        case .open, .draining:
            if !accepted.isDraining { sendGoAway(.drain, text) }
            accepted.drain()
            opened.drain()
            phase = .draining
            noteDrained()
        }
    }

    /// Ends the connection with a reason that the peer is told. Repeating it is a no-op.
    package mutating func close(_ code: GoAwayCode, _ text: String) {
        close(WireClose(cause: .local, code: code, text: text))
    }

    mutating func close(_ close: WireClose) {
        guard phase != .closed else { return }
        if close.cause != .peer { sendGoAway(close.code, close.text) }
        phase = .closed
        decoder.discard()
        assembly = nil
        pending.append(.closed(close))
    }

    /// The peer closed its side of the connection.
    package mutating func endOfInput() {
        close(WireClose(cause: .peer, code: .unavailable, text: "the peer closed the connection"))
    }

    private mutating func sendGoAway(_ code: GoAwayCode, _ text: String) {
        GoAway(lastStream: accepted.lastServed, code: code, text: text).write(to: &outbound)
    }

    mutating func noteDrained() {
        guard phase == .draining, !hasDrained, opened.count == 0, accepted.count == 0 else { return }
        hasDrained = true
        pending.append(.drained)
    }

    /// To be called at `wakeUp` or later; earlier calls do nothing.
    package mutating func timer(now: ContinuousClock.Instant) {
        guard phase != .closed else { return }
        if phase == .handshaking {
            guard now >= handshake.deadline else { return }
            return close(WireClose(cause: .violation, code: .timeout, text: "HELLO did not come in time"))
        }
        switch keepalive.timer(now: now) {
        case .wait: break
        case .sendPing(let number):
            outbound.append(FrameHeader(payloadLength: 8, type: .ping))
            outbound.append(number)
        case .giveUp:
            return close(WireClose(cause: .violation, code: .timeout, text: "the peer does not answer"))
        }
        for id in opened.expire(now: now) {
            forget(id)
            outbound.append(FrameHeader(payloadLength: 0, type: .cancel, stream: id))
            pending.append(.deadlineExceeded(id))
        }
        for id in accepted.expire(now: now) {
            forget(id)
            CallStatus(.deadlineExceeded, "the call's deadline passed").write(to: &outbound, stream: id)
            pending.append(.deadlineExceeded(id))
        }
        noteDrained()
        checkOutbound()
        checkStall(now: now)
    }

    /// A stream is gone: what has come of its message is dropped.
    mutating func forget(_ id: StreamID) {
        if assembly?.stream == id { assembly = nil }
    }

    /// Control frames are sent without asking for room; a peer that causes too many and reads none is let go.
    mutating func checkOutbound() {
        guard outbound.count > WireLimits.outboundLengthMax else { return }
        close(WireClose(cause: .violation, code: .limitExceeded, text: Self.doesNotRead))
    }

    /// What waits for a peer that takes nothing, handlers with their responses included, does not wait for ever.
    mutating func checkStall(now: ContinuousClock.Instant) {
        switch stall.look(waiting: outbound.count, sentCount: outbound.sentCount, now: now) {
        case .wait: return
        case .giveUp: close(WireClose(cause: .violation, code: .timeout, text: Self.doesNotRead))
        }
    }

    private static let doesNotRead = "the peer does not read what it is sent"
}
