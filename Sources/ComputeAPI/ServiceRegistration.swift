internal import ComputeMessages
internal import ComputeObjects
package import Logging
internal import StatorObjects
package import StatorRPC
package import StatorReactor
internal import StatorWire

/// Tells the conductors that this API runs, and renews that every third of the lease they grant.
package struct ServiceRegistration: Sendable {
    private static let retryInterval: Duration = .seconds(1)
    private static let callTimeout: Duration = .seconds(10)
    private static let renewalIntervals: ClosedRange<Duration> = .milliseconds(100)...(.seconds(60))

    private let client: ConductorClient
    private let service: Service
    private let loop: EventLoop
    private let logger: Logger

    /// `name` is the one in this API's certificate, `address` where it listens.
    package init(channel: Channel, name: String, address: String, loop: EventLoop, logger: Logger) {
        var service = Service()
        service.binary = "stator-api"
        service.name = name
        service.release = Release.current
        service.version = Release.serviceVersion
        service.address = address
        self.service = service
        self.client = ConductorClient(channel)
        self.loop = loop
        self.logger = logger
    }

    /// Runs until its task is cancelled; a conductor that refuses or is away is asked again.
    package func run() async {
        var request = RegisterServiceRequest()
        request.service = service
        var isRegistered = false
        while !Task.isCancelled {
            let pause: Duration
            do {
                let response = try await client.registerService(
                    request, options: CallOptions(timeout: Self.callTimeout))
                if !isRegistered { logger.info("registered with a conductor") }
                isRegistered = true
                pause = Self.renewalInterval(leaseMilliseconds: response.leaseMs)
            } catch {
                if Task.isCancelled { return }
                // Said once for each loss, not once for each attempt.
                if isRegistered || error.code != .unavailable && error.code != .deadlineExceeded {
                    logger.warning("registration was not renewed", metadata: ["reason": "\(error.message)"])
                }
                isRegistered = false
                pause = Self.retryInterval
            }
            guard (try? await loop.sleep(for: pause)) != nil else { return }
        }
    }

    /// A third of the lease, within bounds that keep a wrong answer from stopping or flooding anything.
    static func renewalInterval(leaseMilliseconds: UInt32?) -> Duration {
        let third = Duration.milliseconds(Int64(leaseMilliseconds ?? 0) / 3)
        return min(max(third, renewalIntervals.lowerBound), renewalIntervals.upperBound)
    }
}
