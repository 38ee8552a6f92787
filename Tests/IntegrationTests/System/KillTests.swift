import ClusterSupport
import Foundation
import TestSupport
import Testing

/// Everything that starts a whole cluster, one after the other: two cores carry one of them well.
@Suite(.serialized) struct SystemTests {}

extension SystemTests {
    @Suite struct KillTests {
        private enum Victim: CaseIterable {
            case conductor, api, host, databaseBackend
        }

        /// What is to be killed and when, all of it from the seed.
        private struct Round: CustomStringConvertible {
            let number: Int
            let victim: Victim
            let choice: Int
            let duringDelete: Bool
            let delay: Duration
            let pause: Duration

            init(_ number: Int, _ random: inout SeededRandom) {
                self.number = number
                // Every kind in its turn, so that a handful of rounds has each.
                victim = Victim.allCases[number % Victim.allCases.count]
                choice = Int.random(in: 0..<100, using: &random)
                duringDelete = Bool.random(using: &random)
                // A build or a delete takes some tenths of a second.
                delay = .milliseconds(Int.random(in: 0...400, using: &random))
                pause = .milliseconds(Int.random(in: 0...500, using: &random))
            }

            var description: String {
                "round \(number): \(victim) after \(delay) of the \(duringDelete ? "delete" : "build")"
            }
        }

        private static let rounds = Int(ProcessInfo.processInfo.environment["STATOR_KILL_ROUNDS"] ?? "") ?? 8
        private static let seed =
            UInt64(ProcessInfo.processInfo.environment["STATOR_KILL_SEED"] ?? "") ?? .random(in: 0...UInt64.max)

        @Test func `killing any one process at any moment breaks no promise`() async throws {
            print("kill test: \(Self.rounds) rounds, STATOR_KILL_SEED=\(Self.seed)")
            var random = SeededRandom(seed: Self.seed)
            let cluster = try await TestCluster(driver: .qemu)
            var hits = 0
            for number in 0..<Self.rounds {
                if try await play(Round(number, &random), on: cluster) { hits += 1 }
            }
            print("kill test: \(hits) of \(Self.rounds) kills came while an operation was under way")
        }

        /// Plays a round; true when something was under way at the moment of the kill.
        private func play(_ round: Round, on cluster: TestCluster) async throws -> Bool {
            let names = (0..<2).map { "server-\(round.number)-\($0)" }
            let create = names.map { ["server", "create", $0, "--flavor", "tiny", "--image", TestImage.name] }
            var isHit = try await run(create, on: cluster, killing: round.duringDelete ? nil : round)
            try await settle(after: round, on: cluster) { try await $0.brokenPromises() }

            // A create that got no answer may have made no server; one that got an answer has made its own.
            let delete = try await cluster.servers().map { ["server", "delete", $0.uuid] }
            isHit = try await run(delete, on: cluster, killing: round.duringDelete ? round : nil) || isHit
            try await settle(after: round, on: cluster) { check in
                // A delete that got no answer may not have been begun.
                for server in try await check.cluster.servers() where server.taskState != "deleting" {
                    try await cluster.succeed(["server", "delete", server.uuid])
                }
                return try await check.remains()
            }
            return isHit
        }

        /// Waits until every operation has ended, and then for what follows by a moment: a host's view of itself.
        private func settle(
            after round: Round, on cluster: TestCluster, _ check: (PromiseCheck) async throws -> [String]
        ) async throws {
            var broken: [String] = []
            do {
                try await cluster.waitUntilQuiet()
                let deadline = ContinuousClock.now.advanced(by: .seconds(20))
                repeat {
                    if !broken.isEmpty { try await Task.sleep(for: .milliseconds(300)) }
                    broken = try await check(PromiseCheck(cluster: cluster))
                } while !broken.isEmpty && ContinuousClock.now < deadline
            } catch {
                broken.append("\(error)")
            }
            guard broken.isEmpty else {
                let unfinished = (try? await cluster.operations())?.filter { !$0.hasEnded } ?? []
                throw TestSupportError(
                    """
                    after \(round), STATOR_KILL_SEED=\(Self.seed): \(broken); under way: \(unfinished); \
                    logs in \(try cluster.saveLogs())
                    """)
            }
        }

        /// Runs the commands at once and, in the midst of them, kills the victim and starts it again.
        private func run(
            _ commands: [[String]], on cluster: TestCluster, killing round: Round?
        ) async throws -> Bool {
            let running = try commands.map { try cluster.begin($0) }
            var isHit = false
            if let round {
                try await Task.sleep(for: round.delay)
                // Asked a moment before: how well the moments are chosen, not a proof for each.
                isHit = try !cluster.query("SELECT 1 FROM operations WHERE state IN (1, 2) LIMIT 1").isEmpty
                try await kill(round, on: cluster)
            }
            for (command, process) in zip(commands, running) {
                let exit = try await process.wait(timeout: .seconds(120))
                // 4: no answer, so the outcome is not known to the user, which is true when the API was killed.
                let isTrue = exit == .status(0) || (exit == .status(4) && round != nil)
                #expect(isTrue, "\(command): \(exit) \(process.errorOutput)")
            }
            return isHit
        }

        private func kill(_ round: Round, on cluster: TestCluster) async throws {
            let daemon: TestCluster.Daemon
            switch round.victim {
            case .databaseBackend:
                _ = try cluster.killDatabaseBackend(choice: round.choice)
                return
            case .conductor: daemon = TestCluster.Daemon.conductors[round.choice % 2]
            case .host: daemon = TestCluster.Daemon.hosts[round.choice % 2]
            case .api: daemon = .api
            }
            try await cluster.kill9(daemon)
            try await Task.sleep(for: round.pause)
            try await cluster.start(daemon)
        }
    }
}
