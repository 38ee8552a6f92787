import ComputeMessages
import StatorObjects
import StatorReactor
import StatorTLS
import StatorWire

/// Makes connections and renews a lease on each, one after the other, until the time is up.
func holdLeases(_ arguments: Arguments) async throws {
    let loop = try EventLoop(label: "leases")
    try loop.start()
    let fleet = try Fleet(
        address: try SocketAddress(parsing: try arguments.text("address")), tls: try arguments.tls(),
        count: arguments.int("connections", 100), interval: arguments.milliseconds("interval", 30_000), loop: loop)
    loop.execute { fleet.grow() }
    var isReady = false
    while !isReady {
        try await loop.sleep(for: .milliseconds(50))
        isReady = await fleet.counts().isReady
    }
    say("ready \(await fleet.counts())")
    loop.execute { fleet.beginLeases() }
    try await loop.sleep(for: arguments.milliseconds("duration", 5_000))
    say("ended \(await fleet.counts())")
    loop.stop()
    loop.join()
}

/// `@unchecked Sendable`: touched on the loop's thread only, which `counts` sees to.
final class Fleet: @unchecked Sendable {
    struct Counts: Sendable, CustomStringConvertible {
        var target = 0
        var ready = 0
        var dropped = 0
        var renewals = 0
        var refusals = 0
        var lastReason = ""

        var isReady: Bool { ready + dropped == target }

        var description: String {
            "connections=\(ready) dropped=\(dropped) renewals=\(renewals) refusals=\(refusals) reason=\(lastReason)"
        }
    }

    /// Handshakes at a time.
    private static let handshakesMax = 64
    private static let tick: Duration = .milliseconds(50)

    private let address: SocketAddress
    private let context: TLSContext
    private let hello: Hello
    private let manifest: [UInt8]
    private let memory = LeaseMemory()
    private let loop: EventLoop
    private let interval: Duration
    private var connections: [LeaseConnection] = []
    private var current = Counts()
    private var renewed = 0
    private var begin = ContinuousClock.now

    init(address: SocketAddress, tls: TLSConfiguration, count: Int, interval: Duration, loop: EventLoop) throws {
        self.address = address
        self.loop = loop
        self.interval = interval
        current.target = count
        context = try TLSContext(tls, role: .client)
        manifest = ComputeManifest.current.canonicalBytes
        hello = Hello(
            serviceVersion: 1, fingerprint: manifest.withUnsafeBytes { sha256($0) }, release: "0.1.0")
    }

    func counts() async -> Counts {
        await withCheckedContinuation { continuation in
            loop.execute { continuation.resume(returning: self.current) }
        }
    }

    func grow() {
        while connections.count < current.target,
            connections.count - current.ready - current.dropped < Self.handshakesMax
        {
            do {
                connections.append(try makeConnection())
            } catch {
                current.target = connections.count
                current.lastReason = "\(error)"
            }
        }
    }

    private func makeConnection() throws -> LeaseConnection {
        try LeaseConnection(
            to: address, context: context, hello: hello, manifest: manifest, memory: memory, loop: loop,
            observer: LeaseConnection.Observer(
                isReady: { [self] in
                    current.ready += 1
                    loop.execute { self.grow() }
                },
                isRenewed: { [self] in current.renewals += 1 },
                isRefused: { [self] status in
                    current.refusals += 1
                    current.lastReason = status.text
                },
                isEnded: { [self] reason in
                    current.dropped += 1
                    current.lastReason = reason
                    loop.execute { self.grow() }
                }))
    }

    /// Spreads the renewals over the interval.
    func beginLeases() {
        begin = loop.now
        tick()
    }

    private func tick() {
        let due = Int(begin.duration(to: loop.now) / interval * Double(connections.count))
        while renewed < due {
            connections[renewed % connections.count].renew()
            renewed += 1
        }
        loop.schedule(at: loop.now.advanced(by: Self.tick)) { [self] in tick() }
    }
}
