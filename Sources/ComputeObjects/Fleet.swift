package import ComputeMessages
internal import StatorObjects

/// The services that count, hosts among them, as one moment saw them.
///
/// One counts while its lease holds, and as long when it gave its lease back or its connection broke, since it may be
/// restarting. A service that was switched off for good stops counting by itself.
package struct Fleet: Sendable, Equatable {
    package var services: [Service]

    package init(_ services: [Service]) {
        self.services = services
    }

    /// What all can do: the lowest of their service versions; nil: there is none.
    package var serviceVersion: UInt32? { services.map(\.serviceVersion).min() }

    /// Those that are older than the service version, by binary and name.
    package func older(than serviceVersion: UInt32) -> [Service] {
        Self.inOrder(services.filter { $0.serviceVersion < serviceVersion })
    }

    /// By binary, then name: conductors before APIs before hosts does not matter, that it is always the same does.
    package static func inOrder(_ services: [Service]) -> [Service] {
        services.sorted { ($0.binary ?? "", $0.name ?? "") < ($1.binary ?? "", $1.name ?? "") }
    }
}

extension Service {
    /// 0, and so older than every release, when it does not say.
    package var serviceVersion: UInt32 { version ?? 0 }

    /// As sentences name it: "stator-compute 'host1' (release 0.1.0, service version 1)".
    package var title: String {
        "\((binary ?? "service").singleLine) '\((name ?? "").singleLine)' "
            + "(release \((release ?? "unknown").singleLine), service version \(serviceVersion))"
    }
}

extension [Service] {
    /// Their titles as a sentence lists them; of many the first and how many more.
    package func titles(countMax: Int = 5) -> String {
        guard count > countMax else { return map(\.title).joined(separator: ", ") }
        return prefix(countMax).map(\.title).joined(separator: ", ") + " and \(count - countMax) more"
    }
}
