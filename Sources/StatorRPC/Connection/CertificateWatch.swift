internal import Logging
internal import StatorReactor
internal import StatorTLS
internal import StatorWire

/// Takes up new certificates, authorities and revocations while connections run.
///
/// The files are looked at every two seconds. When they have changed, new connections use them, and open ones whose peer
/// is not trusted any more are closed; all others stay as they are. Files that do not fit together are reported, and the
/// old ones stay in use until they change again.
final class CertificateWatch: Sendable {
    private static let interval: Duration = .seconds(2)
    /// How often open connections are looked at although no file has changed: certificates expire.
    private static let roundsPerReview = 30

    private let credentials: ReloadableTLSContext
    private let loop: EventLoop
    private let logger: Logger
    /// Closes what is not trusted under the context; on the loop.
    private let review: @Sendable (TLSContext) -> Void

    init(_ settings: ConnectionSettings, review: @escaping @Sendable (TLSContext) -> Void) {
        credentials = settings.credentials
        loop = settings.loop
        logger = settings.logger
        self.review = review
    }

    /// Watches until the task is cancelled.
    func run() async {
        var round = 0
        while !Task.isCancelled {
            do {
                try await loop.sleep(for: Self.interval)
            } catch {
                return
            }
            round += 1
            let isNew = await takeUpChanges()
            guard isNew || round % Self.roundsPerReview == 0 else { continue }
            let context = credentials.current
            await loop.perform { [review] in review(context) }
        }
    }

    /// Reads the files, if they have changed, on a thread that may wait for them.
    @concurrent private func takeUpChanges() async -> Bool {
        guard credentials.filesHaveChanged() else { return false }
        do {
            try credentials.reload()
            logger.notice("certificates taken up", metadata: ["generation": "\(credentials.generation)"])
            return true
        } catch {
            logger.error(
                "the new certificates are not usable; the old ones stay in use",
                metadata: ["reason": "\(error.message)"])
            return false
        }
    }
}

extension ConnectionCore {
    /// Closes the connection when its peer is not trusted under the context; on the loop only.
    func review(under context: TLSContext) {
        guard let refusal = transport?.refusal(under: context) else { return }
        logger.notice("peer not trusted any more", metadata: ["reason": "\(refusal.message)"])
        close(
            .unauthenticated, refusal.message,
            error: RPCError(.unauthenticated, "\(peerDescription): \(printable(refusal.message))", cause: refusal))
    }
}
