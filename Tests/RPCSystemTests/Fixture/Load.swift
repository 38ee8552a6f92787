import ComputeMessages
import RPCTestService
import StatorRPC
import StatorReactor
import StatorWire
import Synchronization
import TestSupport

/// What kinds of call a load is made of.
enum CallKind: String, CaseIterable, Sendable {
    case repeatable, once, watch, upload, chat
}

/// Callers that always have a call running each, until they are told to stop.
final class Load: Sendable {
    struct Failure: Sendable, CustomStringConvertible {
        let kind: CallKind
        let key: String
        let worker: Int
        let error: RPCError

        var description: String { "\(kind) \(key): \(error)" }
    }

    struct Outcome: Sendable {
        var successes: [CallKind: Int] = [:]
        var failures: [Failure] = []
        var latencies = Latencies()
        /// Keys of calls that may not be repeated, and succeeded.
        var onceSucceeded: Set<String> = []

        var callCount: Int { successes.values.reduce(0, +) + failures.count }

        func failures(of kind: CallKind) -> [Failure] { failures.filter { $0.kind == kind } }
    }

    private struct State {
        var outcome = Outcome()
        var isStopped = false
    }

    private let channels: [Channel]
    private let kinds: [CallKind]
    private let milliseconds: ClosedRange<Int>
    private let state = Mutex(State())
    private let tasks = Mutex<[Task<Void, Never>]>([])
    private let running = Atomic<Int>(0)

    /// - Parameters:
    ///   - kinds: In turn, for one caller each.
    ///   - milliseconds: How long the server takes.
    init(_ channels: [Channel], kinds: [CallKind], milliseconds: ClosedRange<Int>) {
        self.channels = channels
        self.kinds = kinds
        self.milliseconds = milliseconds
    }

    /// Calls that wait for their ends.
    var runningCount: Int { running.load(ordering: .relaxed) }
    var callCount: Int { state.withLock { $0.outcome.callCount } }
    var failureCount: Int { state.withLock { $0.outcome.failures.count } }

    /// Half of the callers are on the channels' loop, as in a daemon.
    func start(_ count: Int, on clients: Clients) {
        for worker in 0..<count {
            let kind = kinds[worker % kinds.count]
            let channel = channels[worker / kinds.count % channels.count]
            let task =
                worker / kinds.count / channels.count % 2 == 0
                ? clients.loop.startTask { await self.work(worker, kind, channel) }
                : Task { await self.work(worker, kind, channel) }
            tasks.withLock { $0.append(task) }
        }
    }

    /// Lets the calls that run end, and says what became of all.
    func stop() async -> Outcome {
        state.withLock { $0.isStopped = true }
        for task in tasks.withLock({ $0 }) { await task.value }
        return state.withLock { $0.outcome }
    }

    /// Waits until so many more calls have ended than now.
    func waitForCalls(_ count: Int) async throws {
        let goal = callCount + count
        try await waitUntil(timeout: .seconds(60), "\(count) more calls have ended") { callCount >= goal }
    }

    private var isStopped: Bool { state.withLock { $0.isStopped } }

    private func work(_ worker: Int, _ kind: CallKind, _ channel: Channel) async {
        var number = 0
        while !isStopped {
            number += 1
            let key = "\(worker)-\(number)"
            let begin = ContinuousClock.now
            running.add(1, ordering: .relaxed)
            var failure: RPCError?
            do {
                try await call(kind, key, channel)
            } catch {
                failure = error
            }
            running.subtract(1, ordering: .relaxed)
            let (error, duration) = (failure, begin.duration(to: .now))
            state.withLock { state in
                state.outcome.latencies.add(duration)
                if let error {
                    state.outcome.failures.append(Failure(kind: kind, key: key, worker: worker, error: error))
                } else {
                    state.outcome.successes[kind, default: 0] += 1
                    if kind != .repeatable, kind != .watch { state.outcome.onceSucceeded.insert(key) }
                }
            }
        }
    }

    private func call(_ kind: CallKind, _ key: String, _ channel: Channel) async throws(RPCError) {
        let request = makeRequest("\(key) \(Int.random(in: milliseconds))")
        switch kind {
        case .repeatable: try await ask(channel, TestMethods.repeatable, request, key)
        case .once: try await ask(channel, TestMethods.once, request, key)
        case .watch: try await watch(channel, request, key)
        case .upload: try await upload(channel, request, key)
        case .chat: try await chat(channel, request, key)
        }
    }

    private func ask(
        _ channel: Channel, _ method: MethodDescriptor, _ request: ServerRequest, _ key: String
    ) async throws(RPCError) {
        let response: ServerResponse = try await channel.unary(method, request)
        try check(response, says: key)
    }

    private func watch(_ channel: Channel, _ request: ServerRequest, _ key: String) async throws(RPCError) {
        let responses: ResponseStream<ServerResponse> = try await channel.serverStreaming(TestMethods.watch, request)
        var count = 0
        for try await response in responses {
            count += 1
            try check(response, says: "\(key) \(count)")
        }
        guard count == 3 else { throw RPCError(.dataLoss, "\(count) of 3 responses came") }
    }

    private func upload(_ channel: Channel, _ request: ServerRequest, _ key: String) async throws(RPCError) {
        let call: ClientStreamingCall<ServerRequest, ServerResponse> =
            try await channel.clientStreaming(TestMethods.upload)
        for _ in 0..<3 { try await call.requests.write(request) }
        try check(try await call.response(), says: "\(key) 3")
    }

    private func chat(_ channel: Channel, _ request: ServerRequest, _ key: String) async throws(RPCError) {
        let call: BidirectionalCall<ServerRequest, ServerResponse> = try await channel.bidirectional(TestMethods.chat)
        var responses = call.responses.makeAsyncIterator()
        for number in 1...3 {
            try await call.requests.write(request)
            guard let response = try await responses.next() else { throw RPCError(.dataLoss, "a response is missing") }
            try check(response, says: "\(key) \(number)")
        }
        call.requests.finish()
        guard try await responses.next() == nil else { throw RPCError(.dataLoss, "one response too many") }
    }

    private func check(_ response: ServerResponse, says expected: String) throws(RPCError) {
        let said = response.instance?.displayName ?? "nothing"
        guard said == expected else { throw RPCError(.dataLoss, "'\(said)' came, not '\(expected)'") }
    }
}
