internal import ComputeMessages
internal import ComputeObjects
internal import Logging
package import StatorRPC
package import StatorReactor
internal import StatorWire

/// The API's way to the conductors: one connection to whichever of them answers, calls made again when it
/// breaks, and errors that users understand.
///
/// All of it happens on `loop`, where handlers run.
package struct ConductorLink: Sendable {
    typealias UnaryCall<Response> = (ConductorClient, CallOptions) async throws(RPCError) -> Response

    /// How long calls that no conductor answered, or that one answered with UNAVAILABLE (its database is away), are
    /// made again. Not the caller's whole deadline: somebody waits for the sentence that says what is wrong.
    private static let patience: Duration = .seconds(10)
    /// For a caller that states no deadline.
    private static let defaultTimeout: Duration = .seconds(30)

    private let channel: Channel
    private let client: ConductorClient
    private let addresses: [String]
    private let loop: EventLoop

    package init(channel: Channel, addresses: [String], loop: EventLoop) {
        self.channel = channel
        self.client = ConductorClient(channel)
        self.addresses = addresses
        self.loop = loop
    }

    /// Makes a call that changes nothing.
    func read<Response>(_ context: CallContext, _ call: UnaryCall<Response>) async throws(RPCError) -> Response {
        try await retrying(context, key: nil, call)
    }

    /// Makes a call that changes something, under the caller's idempotency key, or under one made here so that
    /// the attempts of this very call count as one.
    func mutate<Response>(_ context: CallContext, _ call: UnaryCall<Response>) async throws(RPCError) -> Response {
        try await retrying(context, key: context.idempotencyKey ?? .random(), call)
    }

    private func retrying<Response>(
        _ context: CallContext, key: IdempotencyKey?, _ call: UnaryCall<Response>
    ) async throws(RPCError) -> Response {
        let budget = CallBudget(context, defaultTimeout: Self.defaultTimeout)
        var schedule = RetrySchedule(patience: Self.patience)
        var failure = RPCError(.deadlineExceeded, "the deadline passed before a conductor was asked")
        while let timeout = budget.remaining {
            do {
                return try await call(client, options(context, timeout, key))
            } catch {
                failure = error
            }
            guard await pause(after: failure, &schedule, budget) else { break }
        }
        throw explained(failure)
    }

    /// Passes a stream on as it comes; when it breaks, it is opened again only if nothing was passed on yet.
    func forwardOnce<Element>(
        _ context: CallContext, to responses: ResponseWriter<Element>, _ open: UnaryCall<ResponseStream<Element>>
    ) async throws(RPCError) {
        let budget = CallBudget(context, defaultTimeout: Self.defaultTimeout)
        var schedule = RetrySchedule(patience: Self.patience)
        var failure = RPCError(.deadlineExceeded, "the deadline passed before a conductor was asked")
        while let timeout = budget.remaining {
            var count = 0
            do {
                let stream = try await open(client, options(context, timeout, nil))
                for try await element in stream {
                    count += 1
                    try await responses.write(element)
                }
                return
            } catch {
                failure = error
            }
            guard count == 0, await pause(after: failure, &schedule, budget) else { break }
        }
        throw explained(failure)
    }

    /// Passes on a stream of states of one thing until the last one; when it breaks, it is opened again, perhaps
    /// at another conductor, and a state that was passed on already is not repeated.
    func follow<Element: Equatable>(
        _ context: CallContext, to responses: ResponseWriter<Element>, isLast: (Element) -> Bool,
        open: UnaryCall<ResponseStream<Element>>
    ) async throws(RPCError) {
        let budget = CallBudget(context, defaultTimeout: nil)
        var schedule = RetrySchedule(patience: Self.patience)
        var failure = RPCError(.deadlineExceeded, "the deadline passed before a conductor was asked")
        var latest: Element?
        while let timeout = budget.remaining {
            do {
                let stream = try await open(client, options(context, timeout, nil))
                for try await element in stream {
                    schedule.succeeded()
                    if element != latest { try await responses.write(element) }
                    latest = element
                    if isLast(element) { return }
                }
                failure = RPCError(.unavailable, "the conductor stopped watching before the end")
            } catch {
                failure = error
            }
            guard await pause(after: failure, &schedule, budget) else { break }
        }
        throw explained(failure)
    }

    /// The caller's options for one attempt. Waiting for a connection is the schedule's affair.
    private func options(_ context: CallContext, _ timeout: Duration?, _ key: IdempotencyKey?) -> CallOptions {
        var options = context.callOptions
        options.timeout = timeout
        options.idempotencyKey = key
        options.waitForReady = false
        return options
    }

    /// False when the failure stands.
    private func pause(after failure: RPCError, _ schedule: inout RetrySchedule, _ budget: CallBudget) async -> Bool {
        guard
            let pause = schedule.pauseAfter(failure.code, now: ContinuousClock.now, deadline: budget.deadline)
        else { return false }
        do {
            try await loop.sleep(for: pause)
            return true
        } catch {
            // The caller gave up.
            return false
        }
    }

    /// An error as the user is told it.
    private func explained(_ error: RPCError) -> RPCError {
        switch error.code {
        case .unavailable, .deadlineExceeded, .unauthenticated, .permissionDenied:
            // Without a connection these are about the API's own way to the conductors, whatever it is that the
            // log says in detail, and not about the user.
            if channel.connection == nil {
                return RPCError(
                    .unavailable, "no conductor answered: tried \(addresses.joined(separator: ", ")); try again later",
                    cause: error)
            }
            guard error.code == .deadlineExceeded else { return error }
            return RPCError(
                .deadlineExceeded,
                "the conductor did not answer in time, perhaps since its database is away; the request may still be "
                    + "carried out", cause: error)
        default:
            return error
        }
    }
}

/// How long a call to a conductor may take, so that the API can still answer its own caller in time.
struct CallBudget: Sendable {
    /// Nil: as long as it takes.
    let deadline: ContinuousClock.Instant?

    /// `defaultTimeout` is for callers without a deadline; nil: no limit for them.
    init(_ context: CallContext, defaultTimeout: Duration?) {
        self.init(remaining: context.remainingTime, defaultTimeout: defaultTimeout, now: ContinuousClock.now)
    }

    init(remaining: Duration?, defaultTimeout: Duration?, now: ContinuousClock.Instant) {
        guard let remaining else {
            deadline = defaultTimeout.map { now + $0 }
            return
        }
        // A tenth, a second at most, is kept back for the way of the answer.
        deadline = now + remaining - min(remaining / 10, .seconds(1))
    }

    /// What is left of it: `.some(nil)` without a limit, nil when it is over.
    var remaining: Duration?? {
        guard let deadline else { return .some(nil) }
        let left = ContinuousClock.now.duration(to: deadline)
        return left > .zero ? .some(left) : nil
    }
}
