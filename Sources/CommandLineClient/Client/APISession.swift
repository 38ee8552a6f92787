internal import ArgumentParser
internal import ComputeMessages
internal import ComputeObjects
internal import Logging
internal import StatorObjects
internal import StatorRPC
internal import StatorReactor
internal import StatorWire
internal import Synchronization

/// A channel to the API, and whether it was connected once.
final class APILink: Sendable {
    let channel: Channel
    private let connected: ConnectedFlag

    init(_ settings: ConnectionSettings, loop: EventLoop) throws {
        let connected = ConnectedFlag()
        self.connected = connected
        channel = try Channel(
            configuration: ChannelConfiguration(
                addresses: settings.addresses, tls: settings.tls, local: localEndpoint(), expectedPeer: .api),
            loop: loop, logger: Logger(label: "stator") { _ in SwiftLogNoOpLogHandler() },
            onConnect: { _ in connected.set() })
    }

    var hasConnected: Bool { connected.isSet }

    /// The error of a call, or that no API was ever reached and why.
    func explained(_ error: RPCError) async -> any Error {
        guard !hasConnected, error.code == .unavailable || error.code == .cancelled else { return error }
        let reason = await connectFailure() ?? error
        if reason.code != .unavailable && reason.code != .cancelled { return reason }
        return CommandFailure(
            .unreachable,
            "the API cannot be reached: \(reason.message.singleLine); check --api (or STATOR_API) and that it runs")
    }

    /// Why the last attempt to connect failed: a call that does not wait for a connection says it.
    private func connectFailure() async -> RPCError? {
        do {
            _ = try await ComputeClient(channel).listFlavors(
                ListFlavorsRequest(), options: CallOptions(timeout: .seconds(1), waitForReady: false))
            return nil
        } catch {
            return error
        }
    }
}

/// Set once, by the channel's loop; read by the command.
private final class ConnectedFlag: Sendable {
    private let value = Atomic(false)

    func set() { value.store(true, ordering: .relaxed) }
    var isSet: Bool { value.load(ordering: .relaxed) }
}

/// How long an API is looked for that was not reached once: somebody waits for the sentence that says so, and the only
/// API may be restarting, which takes some seconds while it drains. Once it was reached, it may be away until the
/// command's time is over.
private let connectPatience: Duration = .seconds(10)

/// Runs a command's work over a channel to the API, on a loop of its own, and closes the channel afterwards.
///
/// What the work throws comes out as a `CommandFailure`, or as it was when the command line is to blame.
func withAPIClient(
    _ settings: ConnectionSettings, _ body: @escaping @Sendable (APIClient) async throws -> Void
) async throws {
    let result: Result<Void, any Error>
    do {
        let loop = try EventLoop(label: "stator")
        try loop.start()
        defer {
            loop.stop()
            loop.join()
        }
        let link = try APILink(settings, loop: loop)
        let outcome = Mutex<Result<Void, any Error>>(.success(()))
        let running = loop.startTask { await link.channel.run() }
        let work = loop.startTask {
            do {
                try await body(APIClient(link: link, settings: settings, loop: loop))
            } catch {
                outcome.withLock { $0 = .failure(error) }
            }
        }
        let watchdog = loop.startTask {
            guard (try? await loop.sleep(for: connectPatience)) != nil, !link.hasConnected else { return }
            work.cancel()
        }
        await work.value
        watchdog.cancel()
        await watchdog.value
        await link.channel.shutdown()
        await running.value
        result = outcome.withLock { $0 }
    } catch {
        result = .failure(error)
    }
    do {
        try result.get()
    } catch let error as ValidationError {
        throw error
    } catch {
        throw CommandFailure(describing: error)
    }
}
