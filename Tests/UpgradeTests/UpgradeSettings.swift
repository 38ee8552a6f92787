import ClusterSupport
import Foundation

/// What `Sources/Scripts/test-upgrade.sh` says by its environment.
enum UpgradeSettings {
    private static func value(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The folder with the previous release's programs; without it none of these runs.
    static let previousFolder = value("STATOR_UPGRADE_PREVIOUS")
    static let isEnabled = previousFolder != nil

    /// Only while these tests themselves are tried out: the two releases are the same.
    static let isSameRelease = value("STATOR_UPGRADE_SAME") != nil

    static let old = Programs(description: "old", folder: previousFolder)
    static let new = Programs.built

    static let seed = value("STATOR_UPGRADE_SEED").flatMap(UInt64.init) ?? 4
    /// How many of the 120 orders.
    static let orderCount = value("STATOR_UPGRADE_ORDERS").flatMap(Int.init) ?? 10

    /// How much of the load has to end in each mixed state before the next restart.
    static let windowRequests = 3

    /// What the newer release's `migrate` is told before anything of it runs.
    static let expandArguments = value("STATOR_UPGRADE_EXPAND")?.split(separator: " ").map(String.init) ?? ["--expand"]
}
