internal import Logging
internal import StatorObjects
internal import StatorReactor
internal import StatorTLS
internal import StatorWire

/// What all connections of one server or channel share.
///
/// `@unchecked Sendable`: `manifests`, `accounts` and `buffers` are touched on the loop's thread only; the rest is immutable.
final class ConnectionSettings: @unchecked Sendable {
    let loop: EventLoop
    /// Changes when certificates are replaced; each connection keeps the context that it began with.
    let credentials: ReloadableTLSContext
    let hello: Hello
    let manifestBytes: [UInt8]
    /// Peers of other deployments are refused.
    let deployment: String
    /// Who this side is.
    let identity: Identity
    /// Peers of a lower service version are refused.
    let oldestServiceVersion: UInt32
    let oldestRelease: String?
    /// Peers of other classes are refused; nil: every class.
    let expectedPeer: CallerClass?
    let routes: RouteTable
    let clientInterceptors: [any ClientInterceptor]
    let hasClientInterceptors: Bool
    let timing: WireTiming
    let logger: Logger
    let manifests = ManifestCache()
    let accounts: PeerAccounts
    let buffers = IOBuffers()

    /// Reads the certificate files; throws UNAUTHENTICATED when they are not usable.
    init(
        loop: EventLoop, tls: TLSConfiguration, role: TLSRole, local: LocalEndpoint, deployment: String?,
        expectedPeer: CallerClass?, router: CallRouter, clientInterceptors: [any ClientInterceptor], timing: WireTiming,
        limits: ServerConfiguration.Limits,
        logger: Logger
    ) throws(RPCError) {
        let uris: [String]
        do throws(TLSError) {
            credentials = try ReloadableTLSContext(tls, role: role)
            uris = try CertificateInformation.read(pemFile: tls.certificateChainPath).uris
        } catch {
            throw RPCError(.unauthenticated, error.message, cause: error)
        }
        identity = try Identity(uris: uris, of: "the certificate \(tls.certificateChainPath)")
        oldestServiceVersion = local.oldestServiceVersion
        oldestRelease = local.oldestRelease
        self.deployment = deployment ?? identity.deployment
        self.loop = loop
        self.expectedPeer = expectedPeer
        routes = RouteTable(router)
        self.clientInterceptors = clientInterceptors
        hasClientInterceptors = !clientInterceptors.isEmpty
        self.timing = timing
        self.logger = logger
        accounts = PeerAccounts(limits)
        manifestBytes = local.manifest.canonicalBytes
        hello = Hello(
            serviceVersion: local.serviceVersion, fingerprint: manifestBytes.withUnsafeBytes { sha256($0) },
            release: local.release)
        manifests.insert(local.manifest, hello.fingerprint)
    }

    /// Why a peer that says this of itself is too old to be served; nil: it is not.
    ///
    /// In a sentence for whoever operates the peer: it reads it in the peer's log.
    func refusal(of peer: Hello, _ peerIdentity: Identity) -> String? {
        guard peer.serviceVersion < oldestServiceVersion else { return nil }
        let way = oldestRelease.map { "upgrade it to release \($0) or later first" } ?? "upgrade it first"
        return "\(peerIdentity.callerClass.rawValue) '\(peerIdentity.name)' runs release \(printable(peer.release)) "
            + "(service version \(peer.serviceVersion)); this \(identity.callerClass.rawValue) of release "
            + "\(hello.release) (service version \(hello.serviceVersion)) works with service version "
            + "\(oldestServiceVersion) and later: \(way)"
    }

    /// Who the peer is, when it may be one at all.
    func admit(peerURIs: [String]) throws(RPCError) -> Identity {
        let identity = try Identity(uris: peerURIs, of: "the peer's certificate")
        guard identity.deployment == deployment else {
            throw RPCError(
                .unauthenticated, "\(identity) is of deployment '\(identity.deployment)'; this one is '\(deployment)'")
        }
        if let expectedPeer, identity.callerClass != expectedPeer {
            throw RPCError(.unauthenticated, "\(identity) is of class \(identity.callerClass), not \(expectedPeer)")
        }
        return identity
    }
}
