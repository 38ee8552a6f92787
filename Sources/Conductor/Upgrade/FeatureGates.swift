package import ComputeObjects

/// The gates of this release against the fleet as it is.
///
/// Nothing is remembered: each question reads the fleet, so a gate opens with the request after the last old service
/// has gone or been upgraded, on every conductor at once.
///
/// A service that has just gone, by its own will or because its connection broke, may be restarting in the same release:
/// it counts until the lease would have ended with which it was last seen up.
package struct FeatureGates: Sendable {
    let store: Store

    package init(store: Store) {
        self.store = store
    }

    package func fleet() async throws(StoreError) -> Fleet {
        Fleet(try await store.services.fleet(seenWithin: Leases.service).map(\.message))
    }

    package func isOpen(_ gate: FeatureGate) async throws(StoreError) -> Bool {
        gate.decision(for: try await fleet()) == .open
    }

    /// For a request that only makes sense when the gate is open: FAILED_PRECONDITION names who holds it down.
    package func requireOpen(_ gate: FeatureGate) async throws {
        switch gate.decision(for: try await fleet()) {
        case .open: return
        case .closed(let services): throw ConductorError(.wrongState, gate.refusal(heldBy: services))
        }
    }
}
