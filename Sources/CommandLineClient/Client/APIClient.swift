internal import ComputeMessages
internal import ComputeObjects
internal import Logging
internal import StatorObjects
internal import StatorRPC
internal import StatorReactor
internal import StatorWire

/// One command's connection to the API.
///
/// The channel makes a call again when its connection broke, with the same idempotency key, until the command's
/// time is over; what the API answers is final, except that it could not do now what changes something.
struct APIClient: Sendable {
    typealias UnaryCall<Response> = (ComputeClient, CallOptions) async throws(RPCError) -> Response

    let settings: ConnectionSettings
    let loop: EventLoop
    private let compute: ComputeClient
    private let link: APILink
    private let begin = ContinuousClock.now

    init(link: APILink, settings: ConnectionSettings, loop: EventLoop) {
        compute = ComputeClient(link.channel)
        self.link = link
        self.settings = settings
        self.loop = loop
    }

    /// Makes a call that changes nothing.
    func read<Response>(_ call: UnaryCall<Response>) async throws -> Response {
        try await attempt(key: nil, call)
    }

    /// Makes a call that changes something: all attempts carry one key, so that it is carried out once.
    ///
    /// UNAVAILABLE may mean that nobody knows whether it was done: it is asked until somebody does, or until the
    /// command's time is over.
    func mutate<Response>(_ call: UnaryCall<Response>) async throws -> Response {
        let key = IdempotencyKey.random()
        var schedule = RetrySchedule(patience: settings.timeout)
        while remaining != nil {
            do {
                return try await attempt(key: key, call)
            } catch let error as RPCError {
                // An API that was never reached is looked for by the channel already.
                guard link.hasConnected else { throw error }
                try await pause(after: error, &schedule)
            }
        }
        throw RPCError(.deadlineExceeded, timeoutSentence)
    }

    private func attempt<Response>(key: IdempotencyKey?, _ call: UnaryCall<Response>) async throws -> Response {
        guard let timeout = remaining else { throw RPCError(.deadlineExceeded, timeoutSentence) }
        do {
            return try await call(compute, CallOptions(timeout: timeout, idempotencyKey: key))
        } catch {
            throw await link.explained(error)
        }
    }

    /// Waits before a call is made or a stream is opened again, or throws the error when it is not to be.
    private func pause(after error: RPCError, _ schedule: inout RetrySchedule) async throws {
        guard
            let pause = schedule.pauseAfter(error.code, now: ContinuousClock.now, deadline: begin + settings.timeout)
        else { throw error }
        try await loop.sleep(for: pause)
    }

    /// Nil when the command's time is over.
    private var remaining: Duration? {
        let left = settings.timeout - begin.duration(to: .now)
        return left > .zero ? left : nil
    }

    private var timeoutSentence: String {
        "the API did not answer within \(settings.timeout.components.seconds) seconds"
    }
}

// MARK: servers

extension APIClient {
    /// All pages of the list.
    func listServers(allUsers: Bool) async throws -> [Instance] {
        var instances: [Instance] = []
        var isComplete = false
        while !isComplete {
            var request = ListServersRequest()
            request.limit = ComputeLimits.listLimit.upperBound
            request.marker = instances.last?.uuid
            if allUsers { request.allUsers = true }
            let page = try await read { [request] api, options throws(RPCError) in
                try await api.listServers(request, options: options)
            }.instances
            instances += page
            // A page may be shorter than what was asked for: so much fits into one answer.
            isComplete = page.last?.uuid == nil
        }
        return instances
    }

    /// Newest first. Services of release 0.1 know no pages: of them the newest are asked for by the older method.
    func listOperations(server: String?, limit: UInt32?, all: Bool) async throws -> [Operation] {
        var operations: [Operation] = []
        var request = ListOperationsPageRequest()
        request.server = server
        request.limit = all ? ComputeLimits.listLimit.upperBound : limit
        var isComplete = false
        while !isComplete {
            let page: ListOperationsPageResponse
            do {
                page = try await read { [request] api, options throws(RPCError) in
                    try await api.listOperationsPage(request, options: options)
                }
            } catch let error as RPCError where error.code == .unimplemented && !all {
                return try await newestOperations(server: server, limit: limit)
            }
            operations += page.operations
            request.marker = page.nextMarker
            isComplete = !all || page.nextMarker == nil
        }
        return operations
    }

    private func newestOperations(server: String?, limit: UInt32?) async throws -> [Operation] {
        var request = ListOperationsRequest()
        request.server = server
        request.limit = limit
        return try await read { [request] api, options throws(RPCError) in
            try await api.listOperations(request, options: options)
        }.operations
    }

    func server(_ reference: String) async throws -> ServerResponse {
        let request = try ServerRequest(naming: reference)
        return try await read { api, options throws(RPCError) in
            try await api.getServer(request, options: options)
        }
    }

    /// The server that an operation was begun for, as it is now; nil when it is gone.
    func instance(of begun: ServerOperationResponse) async throws -> Instance? {
        guard let id = begun.instance?.uuid ?? begun.operation?.instanceUuid else { return nil }
        do {
            return try await server(id.description).instance
        } catch let error as RPCError where error.code == .notFound {
            return nil
        }
    }

    /// A guest's console output, whole: what prints it may be slow (a pager), and would hold up the loop meanwhile.
    func console(_ request: GetConsoleOutputRequest) async throws -> [UInt8] {
        let stream = try await read { api, options throws(RPCError) in
            try await api.getConsoleOutput(request, options: options)
        }
        let limit = Int(ComputeLimits.consoleByteCount.upperBound)
        var bytes: [UInt8] = []
        for try await part in stream {
            bytes += part.data ?? []
            guard bytes.count <= limit else {
                throw CommandFailure(.failure, "the API sent more console output than \(limit) bytes")
            }
        }
        return bytes
    }
}

// MARK: operations

extension APIClient {
    /// Shows how an operation goes until it has ended, and returns it as it ended; whether it succeeded says its state.
    func wait(for operation: Operation) async throws -> Operation {
        if operation.state?.isFinal == true { return operation }
        let display = ProgressDisplay(operation)
        let ticker = loop.startTask { [loop] in
            while (try? await loop.sleep(for: .seconds(1))) != nil { display.tick() }
        }
        defer {
            ticker.cancel()
            display.finish()
        }
        do {
            return try await follow(operation, display)
        } catch let error as RPCError where error.code == .deadlineExceeded || error.code == .unavailable {
            throw CommandFailure(.unreachable, waitSentence(operation, error))
        }
    }

    private func follow(_ operation: Operation, _ display: ProgressDisplay) async throws -> Operation {
        var request = WatchOperationRequest()
        request.uuid = operation.uuid
        var schedule = RetrySchedule(patience: settings.timeout)
        while let timeout = remaining {
            do {
                let stream = try await compute.watchOperation(request, options: CallOptions(timeout: timeout))
                for try await response in stream {
                    guard let state = response.operation else { continue }
                    schedule.succeeded()
                    display.show(state)
                    if state.state?.isFinal == true { return state }
                }
                try await pause(after: RPCError(.unavailable, "the API stopped watching"), &schedule)
            } catch let error as RPCError {
                try await pause(after: error, &schedule)
            }
        }
        throw RPCError(.deadlineExceeded, timeoutSentence)
    }

    private func waitSentence(_ operation: Operation, _ error: RPCError) -> String {
        let kind = (operation.kind ?? .unspecified).phrase
        let server = (operation.instanceName ?? "").singleLine
        let reason =
            error.code == .deadlineExceeded
            ? "has not ended after \(settings.timeout.components.seconds) seconds"
            : "can no longer be watched: \(error.message.singleLine)"
        let id = operation.uuid?.description ?? ""
        return "\(kind) of server '\(server)' \(reason); it goes on: `stator operation show \(id) --wait` waits for it"
    }

    /// An error of one of several requests, as it is printed beside the others.
    func failure(_ error: any Error) -> CommandFailure {
        CommandFailure(describing: error)
    }
}
