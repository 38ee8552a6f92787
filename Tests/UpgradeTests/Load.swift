import ClusterSupport
import Synchronization
import TestSupport

/// Users who never stop while daemons are restarted around them.
///
/// Each request is a command of the older or the newer command line, by turns at random; what is acknowledged goes
/// into the ledger, and what is read is compared with it. One of a kind is under way at a time, so that an
/// observation is never ahead of what it is compared with.
final class Load: Sendable {
    /// One worker's own things.
    struct Worker {
        var random: SeededRandom
        var turn = 0
    }

    let clients: [Programs: StatorCommand]
    let journal = LoadJournal()
    /// The temporary directory below which the guests' files are.
    let guestFolder: String
    /// Whether guests are processes that can be compared.
    let hasRealGuests: Bool
    let userDataFolder: TemporaryDirectory
    private let ledger = Mutex(Ledger())
    private let isStopping = Mutex(false)
    private let goesBack = Mutex(false)
    private let wantedCheck = Mutex<WantedCheck?>(nil)
    /// The process of each server's guest, as it was when the server was created.
    private let processes = Mutex<[String: QEMUProcess]>([:])

    /// Somebody wants everything to be compared now.
    private struct WantedCheck {
        let seesNewFields: Bool
        let client: Programs
        var isDone = false
    }

    init(_ cluster: TestCluster, hasRealGuests: Bool) throws {
        self.hasRealGuests = hasRealGuests
        clients = try [
            UpgradeSettings.old: cluster.command(UpgradeSettings.old),
            UpgradeSettings.new: cluster.command(UpgradeSettings.new),
        ]
        guestFolder = cluster.directory.path
        userDataFolder = try TemporaryDirectory()
    }

    /// Runs until `stop`.
    func run(seed: UInt64) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await self.repeatTurns(seed: seed, startPause: .zero) { await self.serverTurn(&$0) }
            }
            group.addTask {
                await self.repeatTurns(seed: seed &+ 1, startPause: .milliseconds(150)) {
                    await self.catalogueTurn(&$0)
                }
            }
        }
    }

    /// Ends after the turns under way.
    func stop() { isStopping.withLock { $0 = true } }

    private func repeatTurns(
        seed: UInt64, startPause: Duration, _ turn: (inout Worker) async -> Void
    ) async {
        var worker = Worker(random: SeededRandom(seed: seed))
        try? await Task.sleep(for: startPause)
        while !isStopping.withLock({ $0 }) {
            await turn(&worker)
            worker.turn += 1
        }
    }

    /// Whether services go from the newer release to the older one.
    var isGoingBack: Bool {
        get { goesBack.withLock { $0 } }
        set { goesBack.withLock { $0 = newValue } }
    }

    // MARK: the ledger

    func withLedger<Result>(_ body: (inout Ledger) -> Result) -> Result {
        ledger.withLock { body(&$0) }
    }

    var guestProcesses: [String: QEMUProcess] { processes.withLock { $0 } }

    func remember(_ process: QEMUProcess?, of server: String) {
        processes.withLock { $0[server] = process }
    }

    /// Waits until the worker that owns the servers has compared everything that was acknowledged; and, with
    /// `seesNewFields`, has used what only the newer release can do.
    func checkEverything(by client: Programs, seesNewFields: Bool) async throws {
        wantedCheck.withLock { $0 = WantedCheck(seesNewFields: seesNewFields, client: client) }
        try await waitUntil(timeout: .seconds(120), pollEvery: .milliseconds(20), "the load has read everything back") {
            wantedCheck.withLock { $0?.isDone == true }
        }
    }

    /// Compares everything once more, while nothing else is going on and all services are of the newer release.
    func readEverythingBack() async {
        for kind in Ledger.Kind.allCases {
            await readBack(kind, by: UpgradeSettings.old)
            await readBack(kind, by: UpgradeSettings.new, seesNewFields: true)
        }
    }

    /// Called by the worker that owns the servers, between its requests.
    func checkIfWanted(_ worker: Worker) async {
        guard let wanted = wantedCheck.withLock({ $0 }), !wanted.isDone else { return }
        // Hosts are the other worker's: what is written of them changes while they are listed here.
        for kind in [Ledger.Kind.server, .flavor] {
            await readBack(kind, by: wanted.client, seesNewFields: wanted.seesNewFields)
        }
        if wanted.seesNewFields { await featureRound(worker.turn) }
        wantedCheck.withLock { $0?.isDone = true }
    }

    /// Waits until so many requests that were begun after this have ended.
    func waitForRequests(_ count: Int, writes: Int) async throws {
        let before = journal.finished
        try await waitUntil(timeout: .seconds(120), "the load goes on") {
            let now = journal.finished
            return now.requests >= before.requests + count && now.writes >= before.writes + writes
        }
    }

    // MARK: requests

    func anyClient(_ worker: inout Worker) -> Programs {
        Bool.random(using: &worker.random) ? UpgradeSettings.old : UpgradeSettings.new
    }

    /// Makes a request; nil when it was refused or failed, which is then written down. `onRefusal` is given the answer
    /// of one that was refused in the documented words.
    func request(
        _ kind: String, _ arguments: [String], by client: Programs, isWrite: Bool = false,
        isExpected: (CommandResult) -> Bool = { $0.exit == .status(0) },
        onRefusal: (CommandResult) -> Void = { _ in }
    ) async -> CommandResult? {
        let begin = ContinuousClock.now
        var outcome: RequestOutcome
        var answer: CommandResult?
        do {
            guard let command = clients[client] else { throw TestSupportError("no \(client) command line") }
            let result = try await command.run(arguments + ["--format", "json"])
            if isExpected(result) {
                outcome = .done
                answer = result
            } else {
                let sentence = result.errorOutput.split(separator: "\n").last.map(String.init) ?? ""
                if DocumentedRefusal.allows(kind, sentence, isGoingBack: isGoingBack) {
                    outcome = .refused(sentence)
                    onRefusal(result)
                } else {
                    outcome = .failed(
                        "\(client) `stator \(arguments.joined(separator: " "))`: \(result.exit), \(sentence)")
                }
            }
        } catch {
            outcome = .failed("\(client) `stator \(arguments.joined(separator: " "))`: \(error)")
        }
        journal.record(kind, isWrite: isWrite, countsForWindow: true, outcome, lasted: begin.duration(to: .now))
        return answer
    }

    func json(_ result: CommandResult) -> JSONValue? {
        do {
            return try JSONValue(parsing: result.output)
        } catch {
            let command = result.command.joined(separator: " ")
            journal.record(problem: "`stator \(command)` printed no JSON: \(result.output)")
            return nil
        }
    }

    /// Lists everything of a kind and compares it with the ledger.
    func readBack(_ kind: Ledger.Kind, by client: Programs, seesNewFields: Bool = false) async {
        let arguments =
            switch kind {
            case .server: ["server", "list", "--all"]
            case .flavor: ["flavor", "list"]
            case .host: ["host", "list"]
            }
        // What is acknowledged while the list is under way may or may not be in it.
        let before = withLedger { $0 }
        guard let result = await request("list \(kind)s", arguments, by: client), let answer = json(result) else {
            return
        }
        let contradictions = before.contradictions(kind, in: answer, seesNewFields: seesNewFields)
        if kind == .host { checkHosts(answer, by: client) }
        journal.recordReadBack(values: before.valueCount(of: kind, seesNewFields: seesNewFields))
        contradictions.forEach { journal.record(problem: "\(client) `stator \(kind) list`: \($0)") }
    }
}
