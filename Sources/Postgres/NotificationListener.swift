internal import Logging
internal import StatorReactor

/// The session that listens, and who is told.
///
/// Unchecked: touched on the loop's thread only, which is asserted; a stream's end is brought there.
final class NotificationListener: @unchecked Sendable {
    /// Notifications kept for a consumer that is slow; past it the oldest go, and it is told that some are missed.
    private static let bufferedCountMax = 1024

    private let opener: SessionOpener
    private let loop: EventLoop
    private let logger: Logger
    private let timeout: Duration
    private var consumers: [String: [UInt64: AsyncStream<PostgresNotification>.Continuation]] = [:]
    private var consumerCount: UInt64 = 0
    private var connection: PostgresConnection?
    private var wakeUp: CheckedContinuation<Void, Never>?
    private var hasChanged = false
    private var isShutDown = false

    init(opener: SessionOpener, loop: EventLoop, logger: Logger, timeout: Duration) {
        self.opener = opener
        self.loop = loop
        self.logger = logger
        self.timeout = timeout
    }

    func listen(_ channel: String) -> AsyncStream<PostgresNotification> {
        loop.assertInLoop()
        consumerCount += 1
        let number = consumerCount
        let (stream, continuation) = AsyncStream.makeStream(
            of: PostgresNotification.self, bufferingPolicy: .bufferingNewest(Self.bufferedCountMax))
        guard !isShutDown else {
            continuation.finish()
            return stream
        }
        let isFirst = consumers[channel, default: [:]].isEmpty
        consumers[channel, default: [:]][number] = continuation
        continuation.onTermination = { [weak self, loop] _ in
            loop.execute { self?.remove(number, from: channel) }
        }
        if isFirst {
            change()
        } else {
            continuation.yield(PostgresNotification(channel: channel, payload: nil))
        }
        return stream
    }

    func shutdown() {
        loop.assertInLoop()
        isShutDown = true
        connection?.close(PostgresError(.shutdown, "the database's client is shut down"))
        for continuation in consumers.values.flatMap(\.values) {
            continuation.finish()
        }
        consumers = [:]
        change()
    }

    /// Keeps one session listening while anybody wants to hear something.
    func run() async {
        var backoff = Backoff.ofSessions
        var attempt = 0
        while !isShutDown {
            if consumers.isEmpty {
                await waitForChange()
                continue
            }
            do {
                let connection = try await opener.open(attempt: attempt)
                backoff.reset()
                try await serve(connection)
            } catch {
                attempt += 1
                if !isShutDown {
                    logger.warning("not listening to the database", metadata: ["reason": "\(error)"])
                }
            }
            if !isShutDown {
                try? await loop.sleep(for: backoff.next())
            }
        }
    }

    /// Listens on what is wanted until the session ends.
    private func serve(_ connection: PostgresConnection) async throws(PostgresError) {
        guard !isShutDown else {
            connection.close(PostgresError(.shutdown, "the database's client is shut down"))
            return
        }
        self.connection = connection
        connection.onNotification = { [weak self] notification in self?.deliver(notification) }
        connection.onClose = { [weak self] in self?.change() }
        var listened: Set<String> = []
        while connection.isOpen {
            let wanted = Set(consumers.keys)
            for channel in wanted.subtracting(listened) {
                try await connection.execute("LISTEN \(quoted(channel))", timeout: timeout)
                listened.insert(channel)
                deliver(PostgresNotification(channel: channel, payload: nil))
            }
            for channel in listened.subtracting(wanted) {
                try await connection.execute("UNLISTEN \(quoted(channel))", timeout: timeout)
                listened.remove(channel)
            }
            await waitForChange()
        }
        self.connection = nil
        throw connection.closeReason ?? PostgresError(.connectionLost, "the session has ended")
    }

    private func deliver(_ notification: PostgresNotification) {
        guard let continuations = consumers[notification.channel]?.values else { return }
        for continuation in continuations {
            if case .dropped = continuation.yield(notification) {
                continuation.yield(PostgresNotification(channel: notification.channel, payload: nil))
            }
        }
    }

    private func remove(_ number: UInt64, from channel: String) {
        consumers[channel]?[number] = nil
        if consumers[channel]?.isEmpty == true {
            consumers[channel] = nil
            change()
        }
    }

    private func change() {
        hasChanged = true
        let waiting = wakeUp
        wakeUp = nil
        waiting?.resume()
    }

    private func waitForChange() async {
        loop.assertInLoop()
        await withCheckedContinuation { continuation in
            if hasChanged {
                continuation.resume()
            } else {
                wakeUp = continuation
            }
        }
        hasChanged = false
    }
}

/// A name as SQL takes it whatever is in it.
private func quoted(_ name: String) -> String {
    let doubled = name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
    return "\"\(doubled)\""
}
