internal import COpenSSL

/// What OpenSSL's calls back to us need to know of one connection, and what they have found; belongs to the engine.
final class PeerVerification {
    let peerRole: TLSRole
    let trust: Trust
    /// What the server's certificate must name.
    let serverName: String?
    /// Where new sessions with the server are kept, and under which name.
    let sessions: (cache: TLSSessionCache, key: TLSSessionCache.Key)?
    fileprivate(set) var failure: TLSError?
    var keyUpdates = KeyUpdates()

    init(_ context: TLSContext, serverName: String?, sessionKey: TLSSessionCache.Key?) {
        peerRole = context.role == .client ? .server : .client
        trust = context.trust
        self.serverName = serverName
        sessions = sessionKey.map { (context.sessions, $0) }
    }

    /// The connection's own, which the connection does not own.
    static func of(_ connection: OpaquePointer?) -> PeerVerification? {
        guard let connection = unsafe connection, let data = unsafe stator_SSL_get_app_data(connection) else {
            return nil
        }
        return unsafe Unmanaged<PeerVerification>.fromOpaque(data).takeUnretainedValue()
    }

    /// What OpenSSL calls for each certificate of the peer's chain, from the authority down to the peer's own.
    static let callback: @convention(c) (CInt, OpaquePointer?) -> CInt = { isValid, store in
        let index = SSL_get_ex_data_X509_STORE_CTX_idx()
        guard let store = unsafe store,
            let verification = unsafe PeerVerification.of(
                OpaquePointer(X509_STORE_CTX_get_ex_data(store, index)))
        else {
            return 0
        }
        let depth = unsafe X509_STORE_CTX_get_error_depth(store)
        if isValid == 1 && depth > 0 {
            return 1
        }
        let certificate = unsafe X509_STORE_CTX_get_current_cert(store).map { unsafe Certificate(sharing: $0) }
        var code = unsafe X509_STORE_CTX_get_error(store)
        if isValid == 1 {
            // OpenSSL takes a certificate that names no purpose for any purpose; Stator does not.
            guard let certificate, !certificate.isMeant(for: verification.peerRole) else {
                return 1
            }
            code = X509_V_ERR_INVALID_PURPOSE
            unsafe X509_STORE_CTX_set_error(store, code)
        }
        verification.failure =
            PeerRefusal(
                code: code, depth: depth, certificate: certificate, peerRole: verification.peerRole,
                serverName: verification.serverName
            ).error
        return 0
    }
}
