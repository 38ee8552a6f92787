internal import StatorReactor
internal import StatorRPC

/// What a closed loop counts. Everything in it is a few instructions per call.
struct LoadState {
    private(set) var failure: RPCError?
    /// Told once, when all calls have ended or one has failed.
    var onDone: ((RPCError?) -> Void)?

    private var callsLeft: UInt64
    private var callsUnderWay = 0
    private var latencies = LatencyHistogram()
    private let origin = ContinuousClock.now
    /// The loop's turn, and its instant as nanoseconds since the origin: computed once per turn.
    private var turn: UInt64 = .max
    private var turnNanoseconds: UInt64 = 0
    /// Most calls of a turn took as long as the one before: they are counted together.
    private var lastLatency: UInt64 = 0
    private var lastLatencyCount: UInt64 = 0

    init(callsLeft: UInt64) {
        self.callsLeft = callsLeft
    }

    /// When a call begins; nil when no more is to be made.
    mutating func begin(on loop: EventLoop) -> UInt64? {
        guard callsLeft > 0 else { return nil }
        callsLeft -= 1
        callsUnderWay += 1
        return nanoseconds(loop)
    }

    mutating func end(began: UInt64, on loop: EventLoop) {
        callsUnderWay -= 1
        let latency = nanoseconds(loop) - began
        if latency != lastLatency {
            countLatencies()
            lastLatency = latency
        }
        lastLatencyCount += 1
    }

    /// Nothing is called any more.
    mutating func fail(_ error: RPCError) {
        callsUnderWay -= 1
        callsLeft = 0
        failure = error
    }

    mutating func tellWhenDone() {
        guard callsUnderWay == 0, callsLeft == 0 else { return }
        onDone?(failure)
        onDone = nil
    }

    /// Of the calls that have ended since it was asked last.
    mutating func takeLatencies() -> LatencyHistogram {
        countLatencies()
        defer { latencies = LatencyHistogram() }
        return latencies
    }

    private mutating func countLatencies() {
        latencies.add(nanoseconds: lastLatency, count: lastLatencyCount)
        lastLatencyCount = 0
    }

    private mutating func nanoseconds(_ loop: EventLoop) -> UInt64 {
        if loop.turnCount != turn {
            turn = loop.turnCount
            turnNanoseconds = (loop.now - origin).nanoseconds
        }
        return turnNanoseconds
    }
}
