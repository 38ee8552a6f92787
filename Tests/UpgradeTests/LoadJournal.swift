import Synchronization

/// What became of one request, as its user saw it.
enum RequestOutcome: Sendable, Hashable {
    case done
    /// The two releases together cannot express it, and the error said so in the documented words.
    case refused(String)
    case failed(String)
}

/// How many requests there were, of which kind and with which outcome.
struct RequestCounts: Sendable, Hashable {
    private(set) var done: [String: Int] = [:]
    private(set) var refused: [String: Int] = [:]
    private(set) var failed: [String: Int] = [:]
    /// Requests that the client made again since it got no answer, or that nobody could be asked.
    private(set) var retries = 0
    private(set) var longest: Duration = .zero

    var total: Int { (Array(done.values) + Array(refused.values) + Array(failed.values)).reduce(0, +) }
    var refusedTotal: Int { refused.values.reduce(0, +) }
    var failedTotal: Int { failed.values.reduce(0, +) }

    mutating func add(_ kind: String, _ outcome: RequestOutcome, retries: Int = 0, lasted: Duration = .zero) {
        switch outcome {
        case .done: done[kind, default: 0] += 1
        case .refused: refused[kind, default: 0] += 1
        case .failed: failed[kind, default: 0] += 1
        }
        self.retries += retries
        longest = max(longest, lasted)
    }

    /// One line for each kind.
    var table: [String] {
        Set(done.keys).union(refused.keys).union(failed.keys).sorted().map { kind in
            "  \(kind): \(done[kind] ?? 0) done, \(refused[kind] ?? 0) refused, \(failed[kind] ?? 0) failed"
        }
    }

    mutating func add(_ other: RequestCounts) {
        done.merge(other.done, uniquingKeysWith: +)
        refused.merge(other.refused, uniquingKeysWith: +)
        failed.merge(other.failed, uniquingKeysWith: +)
        retries += other.retries
        longest = max(longest, other.longest)
    }
}

/// Where the load writes down what it did; told and asked from any task.
final class LoadJournal: Sendable {
    private struct State {
        var all = RequestCounts()
        var sinceLast = RequestCounts()
        var finished = 0
        var writesFinished = 0
        var valuesReadBack = 0
        var problems: [String] = []
        var occurrences: [String: Int] = [:]

        /// The first ones are told, each once.
        mutating func note(_ sentence: String) {
            guard problems.count < LoadJournal.problemsKept || occurrences[sentence] != nil else { return }
            occurrences[sentence, default: 0] += 1
            if occurrences[sentence] == 1 { problems.append(sentence) }
        }

        var told: [String] {
            problems.map { sentence in
                let count = occurrences[sentence] ?? 1
                return count > 1 ? "\(sentence) (\(count) times)" : sentence
            }
        }
    }

    fileprivate static let problemsKept = 40
    private let state = Mutex(State())

    /// `countsForWindow`: whether a window of load, that lasts for so many requests, counts this one.
    func record(
        _ kind: String, isWrite: Bool, countsForWindow: Bool = false, _ outcome: RequestOutcome, retries: Int = 0,
        lasted: Duration
    ) {
        state.withLock { state in
            state.all.add(kind, outcome, retries: retries, lasted: lasted)
            state.sinceLast.add(kind, outcome, retries: retries, lasted: lasted)
            if countsForWindow { state.finished += 1 }
            if isWrite { state.writesFinished += 1 }
            if case .failed(let sentence) = outcome { state.note("\(kind) failed: \(sentence)") }
        }
    }

    /// Something that must not be: a lost update, a restarted guest.
    func record(problem: String) {
        state.withLock { $0.note(problem) }
    }

    func recordReadBack(values: Int) {
        state.withLock { $0.valuesReadBack += values }
    }

    var finished: (requests: Int, writes: Int) { state.withLock { ($0.finished, $0.writesFinished) } }
    var valuesReadBack: Int { state.withLock { $0.valuesReadBack } }
    var problems: [String] { state.withLock { $0.told } }
    var counts: RequestCounts { state.withLock { $0.all } }

    /// What was counted since this was asked last.
    func takeCounts() -> RequestCounts {
        state.withLock { state in
            defer { state.sinceLast = RequestCounts() }
            return state.sinceLast
        }
    }
}
