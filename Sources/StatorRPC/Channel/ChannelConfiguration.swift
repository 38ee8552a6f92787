public import StatorTLS
public import StatorWire

/// Whom a channel connects to, and who it is.
public struct ChannelConfiguration: Sendable {
    /// `host:port`, `[ipv6]:port` or `unix:/path`; names are looked up at each attempt. At least one.
    ///
    /// They are tried in turn, each a moment after the one before when that has not answered; the first connection that
    /// is ready is taken.
    public var addresses: [String]
    public var tls: TLSConfiguration
    public var local: LocalEndpoint
    /// Peers of another class are refused; nil: every class.
    public var expectedPeer: CallerClass?
    public var timing: WireTiming
    /// Peers of other deployments are refused; nil: that of this side's certificate.
    public var deployment: String?
    /// Whether the first address to be tried is chosen at random, so that many clients spread over the servers.
    public var shufflesAddresses: Bool
    /// Whether the server's certificate must name the host or address that was dialled, besides being the expected
    /// peer's. Does not apply to unix sockets.
    public var verifiesServerName: Bool
    /// How many calls may be made again in a row after their connection broke; each success earns a tenth back.
    public var retryTokensMax: Int
    /// Asked before and told after every call that is made, in this order.
    public var interceptors: [any ClientInterceptor]

    public init(
        addresses: [String], tls: TLSConfiguration, local: LocalEndpoint, expectedPeer: CallerClass? = nil,
        timing: WireTiming = WireTiming(), deployment: String? = nil, shufflesAddresses: Bool = false,
        verifiesServerName: Bool = true, retryTokensMax: Int = 1_024, interceptors: [any ClientInterceptor] = []
    ) {
        self.addresses = addresses
        self.tls = tls
        self.local = local
        self.expectedPeer = expectedPeer
        self.timing = timing
        self.deployment = deployment
        self.shufflesAddresses = shufflesAddresses
        self.verifiesServerName = verifiesServerName
        self.retryTokensMax = retryTokensMax
        self.interceptors = interceptors
    }
}
