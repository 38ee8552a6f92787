package import ComputeMessages
internal import StatorObjects

/// A behaviour that makes sense only when every service of the fleet can do it.
///
/// It opens by itself as soon as the last service that counts has the service version, and no configuration, signal or
/// restart is needed for it. It closes again when an older service comes back.
package struct FeatureGate: Hashable, Sendable {
    /// As `stator upgrade status` lists it: lower case, words joined by hyphens.
    package let name: String
    /// One sentence: what begins when it is open.
    package let description: String
    /// The first service version that can do it.
    package let serviceVersion: UInt32

    package init(name: String, description: String, serviceVersion: UInt32) {
        self.name = name
        self.description = description
        self.serviceVersion = serviceVersion
    }

    /// Those of this release.
    package static let all: [FeatureGate] = [pause]

    /// An older host cannot pause a guest, and an older conductor or API knows neither the state nor the way out of it.
    package static let pause = FeatureGate(
        name: "pause-servers", description: "Servers can be paused and unpaused.", serviceVersion: 2)

    /// Whether a behaviour may be used.
    package enum Decision: Equatable, Sendable {
        case open
        /// Who is too old, by binary and name.
        case closed(heldBy: [Service])
    }

    /// Open when nobody that counts is too old.
    package func decision(for fleet: Fleet) -> Decision {
        let older = fleet.older(than: serviceVersion)
        return older.isEmpty ? .open : .closed(heldBy: older)
    }

    /// Why a request that needs it is refused while these hold it down.
    package func refusal(heldBy services: [Service]) -> String {
        "\(name) needs service version \(serviceVersion) everywhere and is held down by \(services.titles()); "
            + "it opens by itself when they are upgraded or gone"
    }
}
