public import StatorObjects
public import StatorReactor

/// What this side says of itself to every peer.
public struct LocalEndpoint: Sendable {
    /// The objects that this build understands.
    public let manifest: Manifest
    /// At most 64 bytes; cut when longer.
    public let release: String
    /// One integer per release, for fleet-wide feature gates.
    public let serviceVersion: UInt32
    /// Peers of a lower service version are refused in the handshake; 0: none is.
    public let oldestServiceVersion: UInt32
    /// The release that has the oldest service version, for the sentence that a refused peer is told; nil: not said.
    public let oldestRelease: String?

    public init(
        manifest: Manifest, release: String, serviceVersion: UInt32, oldestServiceVersion: UInt32 = 0,
        oldestRelease: String? = nil
    ) {
        self.manifest = manifest
        self.release = release
        self.serviceVersion = serviceVersion
        self.oldestServiceVersion = oldestServiceVersion
        self.oldestRelease = oldestRelease
    }
}

/// The other side of a connection.
public struct Peer: Sendable {
    /// From its certificate.
    public let identity: Identity
    public let release: String
    public let serviceVersion: UInt32
    /// The objects that it understands; messages to it are lowered to these versions.
    public let manifest: Manifest
    public let address: SocketAddress
}
