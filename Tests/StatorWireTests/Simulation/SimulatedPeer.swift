import StatorWire

/// One honest side: its machine, and the calls that it makes and serves.
final class SimulatedPeer {
    /// What both sides of a simulation share.
    final class World {
        var calls: [SimulatedCall] = []
        var now = WireInstant.now
        /// The connection was cut, or time went on without it: sides may give up.
        var mayGiveUp = false
    }

    let name: String
    let world: World
    var wire: WireConnection
    weak var other: SimulatedPeer?
    private(set) var isReady = false
    private(set) var isDrained = false
    private(set) var close: WireClose?
    private(set) var toldToDrain = false
    /// Calls that this side opened and that it serves, as long as they run.
    private(set) var made: [StreamID: SimulatedCall] = [:]
    private(set) var served: [StreamID: SimulatedCall] = [:]
    /// What was delivered and nobody has consumed.
    private var backlog: [(id: StreamID, length: Int)] = []
    private var rest: [UInt8] = []
    /// Bytes on their way to the other side.
    var link: [UInt8] = []

    init(_ side: ConnectionSide, world: World, idleTimeout: Duration?) {
        name = "\(side)"
        self.world = world
        let hello = Hello(serviceVersion: 1, fingerprint: Side.fingerprint, release: "simulation")
        wire = WireConnection(
            side: side, hello: hello, manifest: pattern(20_000), timing: WireTiming(idleTimeout: idleTimeout),
            now: world.now)
    }

    var isAtRest: Bool { made.isEmpty && served.isEmpty && backlog.isEmpty && !hasOutbound && link.isEmpty }
    var isClosed: Bool { wire.isClosed }
    var hasOutbound: Bool { wire.hasOutbound }

    // The network

    /// Puts up to so many of the bytes that wait onto the link.
    func send(_ countMax: Int) -> Int {
        wire.fillOutbound()
        let count = wire.outbound.withBytes { bytes in
            link.append(contentsOf: bytes.prefix(countMax))
            return min(bytes.count, countMax)
        }
        wire.outbound.consume(count)
        return count
    }

    func receive(_ bytes: [UInt8]) throws {
        wire.received(now: world.now)
        try handleEvents(rest + bytes)
    }

    func handleEvents(_ input: [UInt8] = []) throws {
        var position = 0
        try input.withUnsafeBytes { input in
            while let event = wire.next(input, &position, now: world.now) { try handle(event, input) }
        }
        if !input.isEmpty { rest = Array(input[position...]) }
    }

    func timer() throws {
        wire.timer(now: world.now)
        if let wakeUp = wire.wakeUp, wakeUp <= world.now { throw BrokenPromise("\(name): its timer is always due") }
        try handleEvents()
    }

    func lose() throws {
        world.mayGiveUp = true
        wire.endOfInput()
        try handleEvents()
    }

    func drain() {
        toldToDrain = true
        wire.drain("simulated")
    }

    // Events

    private func handle(_ event: WireEvent, _ input: UnsafeRawBufferPointer) throws {
        guard close == nil else { throw BrokenPromise("\(name): \(event) after the end") }
        switch event {
        case .hello: try wire.acknowledgeHello(wantsManifest: name == "acceptor")
        case .manifest(let bytes):
            guard bytes == pattern(20_000) else { throw BrokenPromise("\(name): another manifest") }
            try wire.acceptManifest()
        case .ready: isReady = true
        case .opened(let id, let header, let message, _, let endsStream):
            try begin(id, header, message, endsStream, input)
        case .requestMessage(let id, let message, let endsStream):
            guard let call = served[id] else { throw BrokenPromise("\(name): a request on stream \(id)") }
            try came(message, input) { try call.requestCame($0, endsStream: endsStream) }
            if let message { backlog.append((id, message.byteCount)) }
        case .responseMessage(let id, let message, let endsStream):
            guard let call = made[id] else { throw BrokenPromise("\(name): a response on stream \(id)") }
            try came(message, input) { bytes in if let bytes { try call.responseCame(bytes) } }
            if endsStream { try end(made: id, .ok) } else { backlog.append((id, message.byteCount)) }
        case .status(let id, let status): try end(made: id, status.code == .ok ? .ok : .failed(status.code))
        case .cancelled(let id): try end(served: id, .cancelled)
        case .deadlineExceeded(let id):
            if made[id] != nil { try end(made: id, .expired) } else { try end(served: id, .expired) }
        case .writable: break
        case .goingAway(_, let refused):
            for id in refused { try end(made: id, .refused) }
        case .drained: isDrained = true
        case .closed(let close): try becomeClosed(close)
        }
    }

    private func came(
        _ message: WireMessage?, _ input: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) throws -> Void
    ) throws {
        guard let message else { return try body(nil) }
        try message.withBytes(in: input) { (bytes: UnsafeRawBufferPointer) throws in try body(bytes) }
    }

    private func begin(
        _ id: StreamID, _ header: CallHeader, _ message: WireMessage?, _ endsStream: Bool,
        _ input: UnsafeRawBufferPointer
    ) throws {
        guard header.method < world.calls.count else { throw BrokenPromise("\(name): an unknown call") }
        let call = world.calls[Int(header.method)]
        try call.begin(header, as: id)
        served[id] = call
        guard (message != nil) == call.beginsWithMessage else { throw call.broken("begun with another message") }
        if message != nil || endsStream {
            try came(message, input) { try call.requestCame($0, endsStream: endsStream) }
        }
    }

    private func end(made id: StreamID, _ end: SimulatedCall.Opener) throws {
        guard let call = made.removeValue(forKey: id) else {
            throw BrokenPromise("\(name): stream \(id) ended as \(end)")
        }
        try call.end(end)
    }

    private func end(served id: StreamID, _ end: SimulatedCall.Acceptor) throws {
        guard let call = served.removeValue(forKey: id) else {
            throw BrokenPromise("\(name): stream \(id), which is not served, ended as \(end)")
        }
        try call.end(end)
    }

    private func becomeClosed(_ close: WireClose) throws {
        self.close = close
        guard world.mayGiveUp || close.cause != .violation else { throw BrokenPromise("\(name): \(close)") }
        for id in Array(made.keys) { try end(made: id, .lost) }
        for id in Array(served.keys) { try end(served: id, .lost) }
        backlog = []
    }

    // What its programs do

    func open(_ call: SimulatedCall) throws {
        let first = call.beginsWithMessage ? message(call, 0, call.requests[0]) : nil
        let ends = call.beginsWithMessage && call.requests.count == 1 && call.endsWithMessage
        let result = wire.open(
            call.header, message: first, endsStream: ends, isPriority: call.isPriority,
            deadline: call.timeout.map { world.now.advanced(by: $0) }, now: world.now)
        guard case .opened(let id) = result else {
            guard result != .tooLong else { throw call.broken("\(result)") }
            return
        }
        try call.opened(as: id)
        made[id] = call
    }

    private func message(_ call: SimulatedCall, _ number: Int, _ length: Int) -> [UInt8] {
        TestMessage.bytes(call: call.number, number: number, length: length)
    }

    /// Sends the next request of a call; returns whether something was done.
    func request(_ call: SimulatedCall) throws -> Bool {
        guard made[call.id] === call, !call.requestIsOver else { return false }
        guard call.requestsSent < call.requests.count else {
            guard try wire.request(call.id, [UInt8]?.none, endsStream: true) == .sent else {
                throw call.broken("the end of a request was not taken")
            }
            call.requestIsOver = true
            return true
        }
        let next = message(call, call.requestsSent, call.requests[call.requestsSent])
        guard try sent(wire.request(call.id, next, endsStream: call.endsRequest), call) else { return false }
        call.requestIsOver = call.endsRequest
        call.requestsSent += 1
        return true
    }

    /// Sends the next response of a call, or ends it.
    func respond(_ call: SimulatedCall) throws -> Bool {
        guard served[call.id] === call else { return false }
        if call.failsAfter == call.responsesSent {
            try end(served: call.id, .failed(.aborted))
            wire.finish(call.id, CallStatus(.aborted, "meant to"))
            return true
        }
        guard call.responsesSent < call.responses.count else {
            try end(served: call.id, .ok)
            wire.finish(call.id, CallStatus(.ok))
            return true
        }
        let isLast = call.responsesSent + 1 == call.responses.count && !call.endsWithStatus
        let next = message(call, call.responsesSent, call.responses[call.responsesSent])
        guard try sent(wire.respond(call.id, next, endsStream: isLast), call) else { return false }
        call.responsesSent += 1
        if isLast { try end(served: call.id, .ok) }
        return true
    }

    private func sent(_ result: WireConnection.OnSend, _ call: SimulatedCall) throws -> Bool {
        switch result {
        case .sent: return true
        case .windowUsedUp, .noRoom: return false
        case .streamEnded, .tooLong: throw call.broken("\(result), although it runs")
        }
    }

    func cancel(_ call: SimulatedCall) throws {
        guard made[call.id] === call else { return }
        try end(made: call.id, .cancelled)
        wire.cancel(call.id)
    }

    /// Consumes the oldest message that waits.
    func consume() -> Bool {
        guard !backlog.isEmpty else { return false }
        let oldest = backlog.removeFirst()
        wire.consumed(oldest.id, length: oldest.length)
        return true
    }

    /// What is kept stays within the named limits, and no credit is lost.
    func checkBounds() throws {
        let accounts = wire.accounts
        let held = accounts.receiveCredit + accounts.returnedCredit + accounts.heldCredit
        guard held == WireLimits.initialConnectionWindow else { throw BrokenPromise("\(name): credit \(accounts)") }
        let queueMax =
            WireLimits.outboundHighMark + WireLimits.priorityRoom + WireLimits.messageLengthMax + 64 * 1_024
        guard accounts.queuedBytes + accounts.outboundBytes <= queueMax,
            accounts.assemblyCount <= WireLimits.longMessagesMax,
            accounts.assembledBytes <= WireLimits.longMessagesMax * WireLimits.messageLengthMax
        else { throw BrokenPromise("\(name): bounds \(accounts)") }
    }
}
