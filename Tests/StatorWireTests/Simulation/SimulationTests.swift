import Foundation
import Testing

/// Two machines under a simulated network, from seeds: STATOR_SEEDS says how many, STATOR_SEED repeats one.
@Suite struct SimulationTests {
    @Test func `honest sides keep every promise, whatever the network does`() {
        if let seed = Environment.number("STATOR_SEED") { return run(UInt64(seed)) }
        let count = Environment.number("STATOR_SEEDS") ?? 300
        for seed in 0..<count { run(UInt64(seed)) }
    }

    private enum Environment {
        static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }
    }

    private func run(_ seed: UInt64) {
        do {
            try Simulation.run(seed: seed)
        } catch {
            Issue.record("STATOR_SEED=\(seed): \(error)")
        }
    }
}
