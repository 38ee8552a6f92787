internal import Logging
internal import StatorObjects
internal import StatorReactor
internal import StatorTLS
internal import StatorWire
internal import Synchronization

/// How two sides get to know each other; on the loop only.
extension ConnectionCore {
    /// Decides by its certificate whether the peer is one at all.
    func admit(_ peerURIs: [String]) {
        do {
            let identity = try settings.admit(peerURIs: peerURIs)
            self.identity = identity
            account = try settings.accounts.enter(identity)
        } catch {
            logger.notice("peer refused", metadata: ["reason": "\(error.message)"])
            return close(
                error.code == .unauthenticated ? .unauthenticated : .unavailable, error.message,
                error: RPCError(error.code, "\(address): \(error.message)"))
        }
        scheduleFlush()
    }

    func receive(_ hello: Hello) {
        guard let identity else { return close(.internalError, "HELLO before TLS") }
        if let reason = settings.refusal(of: hello, identity) {
            logger.notice("peer refused", metadata: ["reason": "\(reason)"])
            return close(.outdated, reason, error: RPCError(.failedPrecondition, "\(address): \(reason)"))
        }
        peerHello = hello
        peerServiceVersion = hello.serviceVersion
        peerManifest = settings.manifests[hello.fingerprint]
        let wantsManifest = peerManifest == nil
        mustSucceed { machine throws(ImpossibleTransition) in
            try machine.acknowledgeHello(wantsManifest: wantsManifest)
        }
    }

    func receiveManifest(_ bytes: [UInt8]) {
        guard let peerHello, bytes.withUnsafeBytes({ sha256($0) }) == peerHello.fingerprint else {
            return close(.protocolViolation, "the MANIFEST is not the one that HELLO named")
        }
        do {
            let manifest = try Manifest(canonicalBytes: bytes)
            settings.manifests.insert(manifest, peerHello.fingerprint)
            peerManifest = manifest
        } catch {
            return close(.protocolViolation, "the MANIFEST cannot be read: \(error.message)")
        }
        mustSucceed { machine throws(ImpossibleTransition) in try machine.acceptManifest() }
    }

    /// The machine refused what it should not have: our own mistake, which costs this connection only.
    private func mustSucceed(_ transition: (inout WireConnection) throws(ImpossibleTransition) -> Void) {
        do {
            try transition(&machine)
        } catch {
            assertionFailure(error.text)
            logger.critical("impossible transition", metadata: ["error": "\(error.text)"])
            close(.internalError, "internal error")
        }
    }

    func becomeReady() {
        guard let identity, let peerHello, let manifest = peerManifest else {
            return close(.internalError, "internal error")
        }
        let peer = Peer(
            identity: identity, release: printable(peerHello.release), serviceVersion: peerHello.serviceVersion,
            manifest: manifest, address: address)
        logger[metadataKey: "peer"] = "\(identity) \(address)"
        loweringManifest = peerHello.fingerprint == settings.hello.fingerprint ? nil : manifest
        let connection = Connection(peer: peer, lowering: loweringManifest, core: self)
        self.connection = connection
        isOpen.store(true, ordering: .relaxed)
        observer?.isReady(connection)
    }

    /// What this side's callers are told of the connection's end.
    func describe(_ close: WireClose) -> RPCError {
        let text = printable(close.text)
        return switch close.cause {
        case .peer where close.code == .unauthenticated:
            RPCError(.unauthenticated, "\(peerDescription) refuses this side: \(text)")
        case .peer where close.code == .outdated:
            RPCError(.failedPrecondition, "\(peerDescription) refuses this side: \(text)")
        case .peer: RPCError(.unavailable, "\(peerDescription) closed the connection: \(text)")
        case .violation: RPCError(.unavailable, "the connection to \(peerDescription) was closed: \(text)")
        case .local: RPCError(.unavailable, "this side closed the connection to \(peerDescription): \(text)")
        }
    }

    var peerDescription: String { identity.map { "\($0) at \(address)" } ?? "\(address)" }
}
