internal import Logging
internal import StatorReactor
internal import StatorWire

extension Channel {
    /// A connection that held for less counts as a failure.
    private static let stableAfter: Duration = .seconds(1)
    /// How long an address may take to answer before the next one is tried too (RFC 8305 recommends it).
    private static let attemptDelay: Duration = .milliseconds(250)

    /// Keeps the channel connected until the task is cancelled or `shutdown()` is called; then closes and returns when
    /// nothing is left of its connections. To be called once.
    public func run() async {
        let isFirst = await loop.perform { [self] in
            defer { if state == .idle { state = .running } }
            return state == .idle
        }
        guard isFirst else { return }
        let certificates = CertificateWatch(settings) { [weak self] context in
            for core in self?.cores.values ?? [:].values { core.review(under: context) }
        }
        let watch = loop.startTask { await certificates.run() }
        var backoff = Backoff(first: .milliseconds(50), longest: .seconds(5))
        while await isRunning() {
            let begin = ContinuousClock.now
            do throws(RPCError) {
                let connection = try await connect()
                await untilUnusable(connection)
                if begin.duration(to: .now) >= Self.stableAfter { backoff.reset() }
            } catch {
                logger.debug("not connected", metadata: ["reason": "\(error.message)"])
            }
            let delay = backoff.next()
            guard await isRunning() else { break }
            _ = await changes.waitUntilTrue(until: .now.advanced(by: delay)) { [self] in state != .running }
        }
        await stop()
        watch.cancel()
        await watch.value
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
        let isRefusal =
            error.code == .unauthenticated || error.code == .permissionDenied || error.code == .failedPrecondition
        logger.notice("cannot connect", metadata: ["reason": "\(error.message)"])
        await loop.perform { [self] in
            lastError = error
            next += 1
            if isRefusal { refusalCount += 1 }
            changes.signalAll()
        }
    }

    /// A connection to the first address that answers.
    ///
    /// Addresses are tried in turn, the next one as soon as one has failed or a moment after one has not yet answered, as
    /// RFC 8305 has it; who comes late is let go.
    private func connect() async throws(RPCError) -> Connection {
        let first = await loop.perform { [self] in next }
        var names = Array(addresses[(first % addresses.count)...] + addresses[..<(first % addresses.count)])[...]
        var candidates: [Candidate] = []
        let race = ConnectionRace(loop: loop)
        var failure = RPCError(.unavailable, "\(addresses.joined(separator: ", ")): no address")
        var winner: Connection?
        while winner == nil {
            while candidates.isEmpty, let name = names.popFirst() {
                do throws(RPCError) {
                    candidates = try await lookUp(name)
                } catch {
                    failure = error
                    await note(error)
                }
            }
            let isLast = candidates.isEmpty
            if !isLast {
                let candidate = candidates.removeFirst()
                await loop.perform { [self] in begin(race, to: candidate) }
            }
            switch await race.next(until: isLast ? nil : .now.advanced(by: Self.attemptDelay)) {
            case .connected(let connection): winner = connection
            case .failed(let error):
                failure = error
                await note(error)
            case .undecided: continue
            case .exhausted where isLast && names.isEmpty: throw failure
            case .exhausted: continue
            case .cancelled:
                await race.stop(keeping: nil)
                throw .cancelled()
            }
        }
        await race.stop(keeping: winner)
        guard let winner else { throw failure }
        try await takeIntoUse(winner)
        return winner
    }

    private func lookUp(_ name: String) async throws(RPCError) -> [Candidate] {
        do {
            return try await SocketAddress.resolve(name).map { address in
                Candidate(address: address, serverName: verifiesServerName ? serverName(in: name) : nil)
            }
        } catch {
            throw RPCError(.unavailable, error.description, cause: error)
        }
    }

    private func takeIntoUse(_ connection: Connection) async throws(RPCError) {
        do {
            try await onConnect(connection)
        } catch {
            let failure = RPCError(thrownByHandler: error) ?? RPCError(.internal, "\(error)", cause: error)
            connection.close(reason: "the connection could not be taken into use")
            await note(failure)
            throw failure
        }
        logger.info("connected", metadata: ["peer": "\(connection.peer.identity) \(connection.peer.address)"])
        await loop.perform { [self] in publish(connection) }
    }

    private func begin(_ race: ConnectionRace, to candidate: Candidate) {
        var key: ObjectIdentifier?
        let core = ConnectionCore(
            settings, side: .dialler, address: candidate.address, serverName: candidate.serverName,
            observer: ConnectionCore.Observer(
                isReady: { race.end(.success($0)) },
                isGoingAway: { [changes] in changes.signalAll() },
                isClosed: { [changes] error in
                    race.end(.failure(error))
                    changes.signalAll()
                },
                isGone: { [self] in
                    if let key { cores[key] = nil }
                    changes.signalAll()
                }))
        key = ObjectIdentifier(core)
        cores[ObjectIdentifier(core)] = core
        race.begin(core)
        do {
            try core.start(try StreamSocket.connect(to: candidate.address), isConnected: false)
        } catch {
            cores[ObjectIdentifier(core)] = nil
            race.end(.failure(RPCError(.unavailable, "\(error)", cause: error)), of: core)
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
