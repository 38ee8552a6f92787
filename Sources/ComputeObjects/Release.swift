internal import ComputeMessages
package import StatorRPC

/// What this build is, as every daemon tells it in its HELLO.
package enum Release {
    package static let current = "0.2.0"
    /// One integer per release, for fleet-wide feature gates.
    package static let serviceVersion: UInt32 = 2
    /// Services below it are refused: the release before this one is the oldest that is worked with.
    package static let oldestServiceVersion: UInt32 = 1
    /// The release that has `oldestServiceVersion`.
    package static let oldestRelease = "0.1"
}

/// How a process of this build introduces itself to a peer.
package func localEndpoint() -> LocalEndpoint {
    LocalEndpoint(
        manifest: ComputeManifest.current, release: Release.current, serviceVersion: Release.serviceVersion,
        oldestServiceVersion: Release.oldestServiceVersion, oldestRelease: Release.oldestRelease)
}
