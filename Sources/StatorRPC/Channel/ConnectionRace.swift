internal import StatorReactor
internal import StatorWire

/// Where to try to connect.
struct Candidate: Sendable {
    let address: SocketAddress
    /// What the server's certificate has to name; nil: that is not looked at.
    let serverName: String?
}

/// The host of `host:port` or `[ipv6]:port`; nil for a unix socket.
func serverName(in text: String) -> String? {
    guard !text.hasPrefix("unix:"), let colon = text.lastIndex(of: ":") else { return nil }
    let host = text[..<colon]
    return String(host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host)
}

/// Connections that are being made to several addresses, of which the first is taken.
///
/// `@unchecked Sendable`: touched on the loop's thread only, which `next` and `stop` see to.
final class ConnectionRace: @unchecked Sendable {
    enum Turn: Sendable {
        case connected(Connection)
        case failed(RPCError)
        /// The time passed, and attempts still run.
        case undecided
        /// No attempt runs any more.
        case exhausted
        case cancelled
    }

    private let loop: EventLoop
    private let changes: WaitQueue
    private var cores: [ConnectionCore] = []
    /// What has not been told yet.
    private var results: [Result<Connection, RPCError>] = []
    private var runningCount = 0
    private var isStopped = false

    init(loop: EventLoop) {
        self.loop = loop
        changes = WaitQueue(loop: loop)
    }

    /// An attempt begins. On the loop only.
    func begin(_ core: ConnectionCore) {
        cores.append(core)
        runningCount += 1
    }

    /// An attempt ends; `core` names one that never ran. On the loop only.
    func end(_ result: Result<Connection, RPCError>, of core: ConnectionCore? = nil) {
        // A connection that has been made may be lost before it is taken: told in this order.
        guard !isStopped else { return }
        results.append(result)
        if let core { cores.removeAll { $0 === core } }
        changes.signalAll()
    }

    /// Waits for what happens next.
    func next(until deadline: ContinuousClock.Instant?) async -> Turn {
        let outcome = await changes.wait(until: deadline) { [self] in !results.isEmpty || runningCount == 0 }
        guard outcome != .cancelled else { return .cancelled }
        return await loop.perform { [self] in take() }
    }

    private func take() -> Turn {
        guard !results.isEmpty else { return runningCount == 0 ? .exhausted : .undecided }
        switch results.removeFirst() {
        case .success(let connection): return .connected(connection)
        case .failure(let error):
            runningCount = max(0, runningCount - 1)
            return .failed(error)
        }
    }

    /// Lets go of all attempts and connections but one.
    func stop(keeping winner: Connection?) async {
        await loop.perform { [self] in
            isStopped = true
            for core in cores where core !== winner?.core {
                core.close(.unavailable, "another connection was made first")
            }
            cores = []
            results = []
        }
    }
}
