internal import Logging
internal import StatorReactor
internal import StatorWire

extension Channel {
    /// A connection that held for less counts as a failure.
    private static let stableAfter: Duration = .seconds(1)

    /// Keeps the channel connected until the task is cancelled or `shutdown()` is called; then closes and returns when
    /// nothing is left of its connections. To be called once.
    public func run() async {
        let isFirst = await loop.perform { [self] in
            defer { if state == .idle { state = .running } }
            return state == .idle
        }
        guard isFirst else { return }
        var backoff = Backoff(first: .milliseconds(50), longest: .seconds(5))
        while await isRunning() {
            let begin = ContinuousClock.now
            do throws(RPCError) {
                let connection = try await connect()
                await untilUnusable(connection)
                if begin.duration(to: .now) >= Self.stableAfter { backoff.reset() }
            } catch {
                await note(error)
            }
            let delay = backoff.next()
            guard await isRunning() else { break }
            _ = await changes.waitUntilTrue(until: .now.advanced(by: delay)) { [self] in state != .running }
        }
        await stop()
    }

    /// Lets running calls finish, up to five seconds, and closes. Returns when `run()` is about to. From any task.
    public func shutdown() async {
        await loop.perform { [self] in
            state = .stopped
            changes.signalAll()
        }
        await loop.startTask { [self] in
            _ = await changes.waitUntilTrue { [self] in cores.isEmpty }
        }.value
    }

    private func isRunning() async -> Bool {
        guard !Task.isCancelled else { return false }
        return await loop.perform { [self] in state == .running }
    }

    private func note(_ error: RPCError) async {
        let isRefusal = error.code == .unauthenticated || error.code == .permissionDenied
        logger.notice("cannot connect", metadata: ["reason": "\(error.message)"])
        await loop.perform { [self] in
            lastError = error
            next += 1
            if isRefusal { refusalCount += 1 }
            changes.signalAll()
        }
    }

    /// One attempt at one address of the list, with all that its name stands for.
    private func connect() async throws(RPCError) -> Connection {
        let text = await loop.perform { [self] in addresses[next % addresses.count] }
        let found: [SocketAddress]
        do {
            found = try await SocketAddress.resolve(text)
        } catch {
            throw RPCError(.unavailable, error.description, cause: error)
        }
        var failure = RPCError(.unavailable, "\(text) stands for no address")
        for address in found {
            do throws(RPCError) {
                return try await connect(to: address)
            } catch {
                failure = error
                guard await isRunning() else { throw error }
            }
        }
        throw failure
    }

    private func connect(to address: SocketAddress) async throws(RPCError) -> Connection {
        let attempt = ConnectionAttempt(loop: loop)
        await loop.perform { [self] in begin(attempt, to: address) }
        let outcome = await attempt.changes.wait { attempt.result != nil }
        guard outcome == .signalled, let result = await loop.perform({ attempt.result }) else {
            await loop.perform { attempt.core?.close(.unavailable, "given up") }
            throw .cancelled()
        }
        let connection = try result.get()
        do {
            try await onConnect(connection)
        } catch {
            let failure = RPCError(thrownByHandler: error) ?? RPCError(.internal, "\(error)", cause: error)
            connection.close(reason: "the connection could not be taken into use")
            throw failure
        }
        logger.info("connected", metadata: ["peer": "\(connection.peer.identity) \(address)"])
        await loop.perform { [self] in publish(connection) }
        return connection
    }

    private func begin(_ attempt: ConnectionAttempt, to address: SocketAddress) {
        var key: ObjectIdentifier?
        let core = ConnectionCore(
            settings, side: .dialler, address: address,
            observer: ConnectionCore.Observer(
                isReady: { attempt.end(.success($0)) },
                isGoingAway: { [changes] in changes.signalAll() },
                isClosed: { [changes] error in
                    attempt.end(.failure(error))
                    changes.signalAll()
                },
                isGone: { [self] in
                    if let key { cores[key] = nil }
                    changes.signalAll()
                }))
        key = ObjectIdentifier(core)
        cores[ObjectIdentifier(core)] = core
        attempt.core = core
        do {
            try core.start(try StreamSocket.connect(to: address), isConnected: false)
        } catch {
            cores[ObjectIdentifier(core)] = nil
            attempt.end(.failure(RPCError(.unavailable, "\(error)", cause: error)))
        }
    }

    /// Waits until the connection takes no more calls; one that is going away finishes its own beside the next.
    private func untilUnusable(_ connection: Connection) async {
        _ = await changes.waitUntilTrue { [self] in !connection.isOpen || state != .running }
        await loop.perform { [self] in
            let isLost = !connection.isOpen
            publish(nil)
            guard isLost, state == .running else { return }
            lastError = RPCError(.unavailable, "the connection to \(connection.peer.identity) was lost")
            next += 1
        }
    }

    /// Closes all connections, after their calls have had a moment to finish.
    private func stop() async {
        let deadline = ContinuousClock.now.advanced(by: .seconds(5))
        await loop.startTask { [self] in
            state = .stopped
            publish(nil)
            for core in cores.values { core.drain("the client is shutting down") }
            _ = await changes.waitUntilTrue(until: deadline) { [self] in cores.isEmpty }
            await loop.perform { [self] in
                for core in cores.values { core.close(.unavailable, "the client is shutting down") }
            }
            _ = await changes.waitUntilTrue { [self] in cores.isEmpty }
        }.value
    }
}

/// A connection that is being made. `@unchecked Sendable`: touched on the loop's thread only.
private final class ConnectionAttempt: @unchecked Sendable {
    let changes: WaitQueue
    var core: ConnectionCore?
    private(set) var result: Result<Connection, RPCError>?

    init(loop: EventLoop) {
        changes = WaitQueue(loop: loop)
    }

    func end(_ result: Result<Connection, RPCError>) {
        guard self.result == nil else { return }
        self.result = result
        changes.signalAll()
    }
}
