package import ComputeMessages
internal import Foundation
package import StatorObjects
internal import StatorWire
internal import Synchronization

/// A driver without a hypervisor, for simulation and scale: its guests are entries of a file.
///
/// They outlive the agent as real ones do; delays and failures are set by whoever makes it.
package final class FakeDriver: Sendable {
    /// What the next calls do.
    package struct Behaviour: Sendable {
        package var buildDelay: Duration = .zero
        package var powerDelay: Duration = .zero
        /// Builds fail with this, after their delay.
        package var buildFailure: DriverError?
        /// So many calls of `destroy` fail before one works.
        package var destroyFailureCount = 0
        /// Guests power themselves off when asked.
        package var reactsToPowerButton = true

        package init() {}
    }

    private struct Guest: Codable {
        var powerState: String
        var console: Data
    }

    private struct State {
        var guests: [String: Guest]
        var behaviour: Behaviour
        var buildCount = 0
    }

    private static let consoleLengthMax = 1 << 20

    private let path: String
    private let state: Mutex<State>
    private let files = BlockingQueue(label: "fake-guests")

    /// - Parameter path: Where the guests are kept over restarts of the agent.
    package init(path: String, behaviour: Behaviour = Behaviour()) throws(AgentError) {
        self.path = path
        var guests: [String: Guest] = [:]
        if let bytes = try DurableFile.read(path) {
            guard let known = try? JSONDecoder().decode([String: Guest].self, from: Data(bytes)) else {
                throw AgentError(.corrupt, "\(path) holds no fake guests; remove it")
            }
            guests = known
        }
        state = Mutex(State(guests: guests, behaviour: behaviour))
    }

    // MARK: For tests

    package func setBehaviour(_ change: (inout Behaviour) -> Void) {
        state.withLock { change(&$0.behaviour) }
    }

    /// How many builds were begun.
    package var buildCount: Int { state.withLock { $0.buildCount } }

    /// What a guest does by itself: powering off, crashing.
    package func change(_ id: ObjectID, to powerState: PowerState) async throws(DriverError) {
        try await update(id) { $0?.powerState = powerState.description }
    }

    // MARK: State

    private func update(
        _ id: ObjectID, _ change: @escaping @Sendable (inout Guest?) -> Void
    ) async throws(DriverError) {
        try await files.run { [self] () throws(DriverError) in
            let guests = state.withLock { state in
                change(&state.guests[id.description])
                return state.guests
            }
            do {
                try DurableFile.replace(path, with: Array(try JSONEncoder().encode(guests)))
            } catch {
                throw DriverError(.internal, "the fake guests cannot be written: \(error)")
            }
        }
    }

    private func guest(_ id: ObjectID) -> Guest? {
        state.withLock { $0.guests[id.description] }
    }

    private func wait(_ delay: Duration) async throws(DriverError) {
        do {
            if delay > .zero { try await Task.sleep(for: delay) }
            try Task.checkCancellation()
        } catch {
            throw DriverError(.cancelled, "the call was cancelled")
        }
    }

    private func turn(_ id: ObjectID, to powerState: PowerState, saying text: String?) async throws(DriverError) {
        guard guest(id) != nil else { throw DriverError(.notFound, "there is no such guest on this host") }
        try await wait(state.withLock { $0.behaviour.powerDelay })
        try await update(id) { guest in
            guest?.powerState = powerState.description
            if let text { guest?.console.append(contentsOf: Array("\(text)\n".utf8)) }
            if let excess = guest.map({ $0.console.count - Self.consoleLengthMax }), excess > 0 {
                guest?.console.removeFirst(excess)
            }
        }
    }

    private static func greeting(_ id: ObjectID) -> String { "Linux version 0 (fake)\nstator guest \(id) is up" }
}

extension FakeDriver: HypervisorDescription {
    package var hypervisor: String { "fake" }
    package var guestAccelerator: Accelerator { .none }
    package var hypervisorVersion: String { "1" }
}

extension FakeDriver: GuestLifecycle {
    package func create(_ guest: GuestSpecification) async throws(DriverError) {
        let behaviour = state.withLock { state in
            state.buildCount += 1
            return state.behaviour
        }
        try await update(guest.id) { $0 = Guest(powerState: PowerState.shutdown.description, console: Data()) }
        try await wait(behaviour.buildDelay)
        if let failure = behaviour.buildFailure { throw failure }
        try await turn(guest.id, to: .running, saying: Self.greeting(guest.id))
    }

    package func destroy(_ id: ObjectID) async throws(DriverError) {
        let fails = state.withLock { state in
            guard state.behaviour.destroyFailureCount > 0 else { return false }
            state.behaviour.destroyFailureCount -= 1
            return true
        }
        if fails { throw DriverError(.internal, "the fake guest does not go away") }
        try await update(id) { $0 = nil }
    }

    package func guests() async throws(DriverError) -> [ObjectID] {
        state.withLock { Array($0.guests.keys) }.compactMap { ObjectID($0) }.sorted()
    }
}

extension FakeDriver: PowerControl {
    package func start(_ guest: GuestSpecification) async throws(DriverError) {
        if try await powerState(of: guest.id) == .running { return }
        try await turn(guest.id, to: .running, saying: Self.greeting(guest.id))
    }

    package func stop(_ id: ObjectID, grace: Duration) async throws(DriverError) {
        if !state.withLock({ $0.behaviour.reactsToPowerButton }) { try await wait(grace) }
        try await turn(id, to: .shutdown, saying: nil)
    }

    package func reboot(_ guest: GuestSpecification, grace: Duration) async throws(DriverError) {
        try await stop(guest.id, grace: grace)
        try await start(guest)
    }

    package func reset(_ guest: GuestSpecification) async throws(DriverError) {
        try await turn(guest.id, to: .running, saying: Self.greeting(guest.id))
    }

    package func pause(_ id: ObjectID) async throws(DriverError) {
        try await turn(id, from: [.running, .paused], to: .paused)
    }

    package func unpause(_ id: ObjectID) async throws(DriverError) {
        try await turn(id, from: [.running, .paused], to: .running)
    }

    private func turn(
        _ id: ObjectID, from expected: Set<PowerState>, to powerState: PowerState
    ) async throws(DriverError) {
        if let state = try await self.powerState(of: id), !expected.contains(state) {
            throw DriverError(.failedPrecondition, "the guest does not run on this host")
        }
        try await turn(id, to: powerState, saying: nil)
    }

    package func powerState(of id: ObjectID) async throws(DriverError) -> PowerState? {
        guest(id).flatMap { PowerState(text: $0.powerState) }
    }

    package func running(among ids: [ObjectID]) async -> Set<ObjectID> {
        let alive = [PowerState.running.description, PowerState.paused.description]
        return Set(ids.filter { guest($0).map { alive.contains($0.powerState) } ?? false })
    }
}

extension FakeDriver: ConsoleAccess {
    package func consoleOutput(of id: ObjectID, lengthMax: Int) async throws(DriverError) -> [UInt8] {
        guard let guest = guest(id) else { throw DriverError(.notFound, "there is no such guest on this host") }
        return Array(guest.console.suffix(max(0, lengthMax)))
    }

    package func trimConsoles(of ids: [ObjectID]) async {}
}
