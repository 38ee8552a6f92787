public import StatorReactor
public import StatorTLS
public import StatorWire

/// What a server listens on, who it is and how much it takes.
public struct ServerConfiguration: Sendable {
    public struct Limits: Hashable, Sendable {
        /// Connections at a time; more are closed as soon as they are accepted.
        public var connectionsMax: Int
        /// Of these, those that have not yet finished TLS and HELLO.
        public var handshakesMax: Int
        /// Connections of one peer at a time; more are refused once it is known who it is.
        public var connectionsPerPeerMax: Int
        /// Calls of one peer at a time, over all its connections; more are answered with RESOURCE_EXHAUSTED.
        public var callsPerPeerMax: Int
        /// Bytes of the requests of these calls; the same.
        public var requestBytesPerPeerMax: Int
        /// How long `shutdown` lets running calls finish.
        public var drainTimeout: Duration

        public init(
            connectionsMax: Int = 10_000, handshakesMax: Int = 1_000, connectionsPerPeerMax: Int = 256,
            callsPerPeerMax: Int = 4_096, requestBytesPerPeerMax: Int = 64 << 20,
            drainTimeout: Duration = .seconds(10)
        ) {
            self.connectionsMax = connectionsMax
            self.handshakesMax = handshakesMax
            self.connectionsPerPeerMax = connectionsPerPeerMax
            self.callsPerPeerMax = callsPerPeerMax
            self.requestBytesPerPeerMax = requestBytesPerPeerMax
            self.drainTimeout = drainTimeout
        }
    }

    /// With port 0 the system chooses one; `Server.start` returns it.
    public var address: SocketAddress
    public var tls: TLSConfiguration
    public var local: LocalEndpoint
    public var limits: Limits
    public var timing: WireTiming
    /// Peers of other deployments are refused; nil: that of this side's certificate.
    public var deployment: String?
    /// Asked before and told after every call that is made over an accepted connection; those of calls that are served
    /// belong to the router.
    public var clientInterceptors: [any ClientInterceptor]

    public init(
        address: SocketAddress, tls: TLSConfiguration, local: LocalEndpoint, limits: Limits = Limits(),
        timing: WireTiming = WireTiming(), deployment: String? = nil, clientInterceptors: [any ClientInterceptor] = []
    ) {
        self.address = address
        self.tls = tls
        self.local = local
        self.limits = limits
        self.timing = timing
        self.deployment = deployment
        self.clientInterceptors = clientInterceptors
    }
}
