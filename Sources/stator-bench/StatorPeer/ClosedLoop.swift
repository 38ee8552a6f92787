internal import StatorObjects
internal import StatorReactor
internal import StatorRPC

/// Keeps a number of calls under way on each connection: each is followed by another as soon as it is answered.
///
/// A call begins and ends at the instants of the turns of the loop in which that happens, as in the plain C client; like
/// that one, this one is to cost next to nothing beside the calls themselves.
/// `@unchecked Sendable`: what changes is touched on the loop's thread only.
final class ClosedLoop<Message: VersionedMessage>: @unchecked Sendable {
    /// What is known at an instant.
    struct Mark: Sendable {
        let instant: ContinuousClock.Instant
        let serverCPUSeconds: Double
        let ownCPUSeconds: Double
        /// Of the calls that have ended since the mark before.
        let latencies: LatencyHistogram
    }

    /// One of the calls that are under way with completions; the next one in its place has the same completion.
    private final class Slot {
        let connection: Connection
        var began: UInt64 = 0
        var completion = UnaryCompletion<Message> { _ in }

        init(_ connection: Connection) {
            self.connection = connection
        }
    }

    private let method: MethodDescriptor
    private let message: Message
    private let connections: [Connection]
    private let inFlight: Int
    private let loop: EventLoop
    // Peers of the comparison have no deadlines either.
    private let options = CallOptions(timeout: nil)
    // In memory of its own, which lives as long as the process: no checks of exclusive access for each call.
    private let state: UnsafeMutablePointer<LoadState>

    init(
        _ method: MethodDescriptor, _ message: Message, over connections: [Connection], inFlight: Int,
        callsMax: UInt64?, on loop: EventLoop
    ) {
        self.method = method
        self.message = message
        self.connections = connections
        self.inFlight = inFlight
        self.loop = loop
        state = .allocate(capacity: 1)
        state.initialize(to: LoadState(callsLeft: callsMax ?? .max))
    }

    func beginWithCompletions() {
        loop.execute { [self] in
            for connection in connections {
                for _ in 0..<inFlight { fill(Slot(connection)) }
            }
        }
    }

    func beginWithTasks() {
        for connection in connections {
            for _ in 0..<inFlight {
                loop.startTask { [self] in await callAgainAndAgain(connection) }
            }
        }
    }

    /// Throws when a call has failed.
    func mark(_ server: Int32) async throws -> Mark {
        let result = await loop.perform { [self] () -> Result<Mark?, RPCError> in
            if let failure = state.pointee.failure { return .failure(failure) }
            let latencies = state.pointee.takeLatencies()
            return .success(
                ProcessClock.cpuSeconds(of: server).map {
                    Mark(
                        instant: .now, serverCPUSeconds: $0, ownCPUSeconds: ProcessClock.ownCPUSeconds(),
                        latencies: latencies)
                })
        }
        guard let mark = try result.get() else { throw BenchError("there is no process \(server)") }
        return mark
    }

    /// Returns when as many calls as are to be made have ended.
    func untilDone() async throws {
        let failure: RPCError? = await withCheckedContinuation { continuation in
            loop.execute { [self] in
                state.pointee.onDone = { continuation.resume(returning: $0) }
                state.pointee.tellWhenDone()
            }
        }
        if let failure { throw failure }
    }

    private func fill(_ slot: Slot) {
        // The slot keeps itself: it lives as long as the process.
        slot.completion = UnaryCompletion { [self] result in
            switch result {
            case .success:
                state.pointee.end(began: slot.began, on: loop)
                call(slot)
            case .failure(let error):
                state.pointee.fail(error)
            }
            state.pointee.tellWhenDone()
        }
        call(slot)
    }

    private func call(_ slot: Slot) {
        guard let began = state.pointee.begin(on: loop) else { return }
        slot.began = began
        slot.connection.unary(method, message, options: options, completion: slot.completion)
    }

    private func callAgainAndAgain(_ connection: Connection) async {
        while let began = state.pointee.begin(on: loop) {
            do throws(RPCError) {
                let _: Message = try await connection.unary(method, message, options: options)
                state.pointee.end(began: began, on: loop)
            } catch {
                state.pointee.fail(error)
            }
            state.pointee.tellWhenDone()
        }
    }
}
