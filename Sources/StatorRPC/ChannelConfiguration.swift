public import StatorTLS
public import StatorWire

/// Whom a channel connects to, and who it is.
public struct ChannelConfiguration: Sendable {
    /// `host:port`, `[ipv6]:port` or `unix:/path`; names are looked up at each attempt. At least one; tried in turn.
    public var addresses: [String]
    public var tls: TLSConfiguration
    public var local: LocalEndpoint
    /// Peers of another class are refused; nil: every class.
    public var expectedPeer: CallerClass?
    public var timing: WireTiming
    /// Peers of other deployments are refused; nil: that of this side's certificate.
    public var deployment: String?

    public init(
        addresses: [String], tls: TLSConfiguration, local: LocalEndpoint, expectedPeer: CallerClass? = nil,
        timing: WireTiming = WireTiming(), deployment: String? = nil
    ) {
        self.addresses = addresses
        self.tls = tls
        self.local = local
        self.expectedPeer = expectedPeer
        self.timing = timing
        self.deployment = deployment
    }
}
