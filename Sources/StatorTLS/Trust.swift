internal import COpenSSL

/// Whom one side trusts to sign its peers, and whom of those it does not trust any more.
///
/// `@unchecked Sendable`: not changed after `init`; OpenSSL locks what its store remembers.
@safe final class Trust: @unchecked Sendable {
    private let store: OpaquePointer
    private let lists: [RevocationList]
    /// Of all authorities; the same for the same authorities in the same order.
    private let fingerprint: [UInt8]

    /// Reads the files into the context's own store.
    init(_ configuration: TLSConfiguration, for context: OpaquePointer) throws(TLSError) {
        // Belongs to the context.
        guard let store = unsafe SSL_CTX_get_cert_store(context) else {
            throw TLSError(.outOfMemory, "cannot make a TLS context: \(OpenSSLFailure().reason)")
        }
        let file = try PEMFile(path: configuration.trustRootsPath, subject: "certificate authority")
        let authorities = try file.certificates()
        for certificate in authorities {
            guard withEmptyErrorQueue({ unsafe X509_STORE_add_cert(store, certificate.pointer) }) == 1 else {
                throw file.unreadable("a certificate in it cannot be trusted: \(OpenSSLFailure().reason)")
            }
        }
        var hash = SHA256()
        for certificate in authorities {
            unsafe certificate.fingerprint().withUnsafeBytes { unsafe hash.update($0) }
        }
        fingerprint = hash.finalize()
        lists =
            try configuration.revocationListPath.map { path throws(TLSError) in
                try Trust.lists(in: path, of: authorities)
            } ?? []
        // A reference of this object's own, taken when nothing can fail any more before there is a deinit to give it back.
        guard unsafe X509_STORE_up_ref(store) == 1 else {
            throw TLSError(.outOfMemory, "cannot make a TLS context: \(OpenSSLFailure().reason)")
        }
        unsafe self.store = store
        try addLists(authorities)
    }

    deinit {
        unsafe X509_STORE_free(store)
    }

    /// The lists in a file, all of them of today and, as far as the authorities' certificates are known, genuine.
    private static func lists(in path: String, of authorities: [Certificate]) throws(TLSError) -> [RevocationList] {
        let file = try PEMFile(path: path, subject: "revocation list")
        let lists = try file.revocationLists()
        for list in lists {
            let signers = authorities.filter { list.isNamed(for: $0) }
            let problem: String? =
                if list.hasExpired {
                    "has expired on \(list.nextUpdate.map(Certificate.text) ?? "an unknown date"); write a new one"
                } else if list.isOfTheFuture {
                    "is not valid before \(list.lastUpdate.map(Certificate.text) ?? "an unknown date"); "
                        + "compare both machines' clocks"
                } else if !signers.isEmpty, !signers.contains(where: { list.isSigned(by: $0) }) {
                    "is not signed by it"
                } else {
                    nil
                }
            if let problem {
                throw TLSError(
                    .invalidRevocationList,
                    "the revocation list of the certificate authority (\(list.issuer)) in \(path) \(problem)")
            }
        }
        return lists
    }

    private func addLists(_ authorities: [Certificate]) throws(TLSError) {
        guard !lists.isEmpty else {
            return
        }
        for list in lists {
            guard withEmptyErrorQueue({ unsafe X509_STORE_add_crl(store, list.pointer) }) == 1 else {
                throw TLSError(.invalidRevocationList, "a revocation list cannot be used: \(OpenSSLFailure().reason)")
            }
        }
        let isComplete = authorities.allSatisfy { authority in lists.contains { $0.isNamed(for: authority) } }
        let flags = isComplete ? X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL : X509_V_FLAG_CRL_CHECK
        unsafe X509_STORE_set_flags(store, UInt(flags))
    }

    /// Why a certificate that was verified under the same authorities is not accepted any more; looks at the dates and the
    /// lists only, at next to no cost.
    func refusal(ofVerified certificate: Certificate, peerRole: TLSRole, depth: CInt = 0) -> TLSError? {
        let code: CInt? =
            if !certificate.hasBegun {
                X509_V_ERR_CERT_NOT_YET_VALID
            } else if certificate.hasExpired {
                X509_V_ERR_CERT_HAS_EXPIRED
            } else if lists.isEmpty {
                nil
            } else {
                revocation(of: certificate, depth: depth)
            }
        return code.map {
            PeerRefusal(code: $0, depth: depth, certificate: certificate, peerRole: peerRole, serverName: nil).error
        }
    }

    private func revocation(of certificate: Certificate, depth: CInt) -> CInt? {
        let covering = lists.filter { $0.covers(certificate) }
        if covering.contains(where: { $0.names(certificate) }) {
            return X509_V_ERR_CERT_REVOKED
        }
        // Lists of authorities above the peer's own may be missing.
        if covering.isEmpty {
            return depth == 0 ? X509_V_ERR_UNABLE_TO_GET_CRL : nil
        }
        return covering.allSatisfy(\.hasExpired) ? X509_V_ERR_CRL_HAS_EXPIRED : nil
    }

    /// Why the peer of a connection, which was accepted under `earlier`, would not be accepted now.
    func refusal(of connection: OpaquePointer, acceptedUnder earlier: Trust, peerRole: TLSRole) -> TLSError? {
        guard let pointer = unsafe SSL_get0_peer_certificate(connection) else {
            return TLSEngine.certificateMissing
        }
        let certificate = unsafe Certificate(sharing: pointer)
        // Belongs to the connection. After a resumption the server has the peer's own certificate only.
        let chain = unsafe SSL_get_peer_cert_chain(connection)
        guard fingerprint == earlier.fingerprint else {
            return unsafe refusal(ofUnverified: certificate, chain: chain, peerRole: peerRole)
        }
        if let refusal = refusal(ofVerified: certificate, peerRole: peerRole) {
            return refusal
        }
        for index in 0..<max(0, unsafe stator_certificate_count(chain)) {
            if let authority = unsafe stator_certificate(chain, index).map({ unsafe Certificate(sharing: $0) }),
                unsafe X509_cmp(authority.pointer, certificate.pointer) != 0,
                let refusal = refusal(ofVerified: authority, peerRole: peerRole, depth: index + 1)
            {
                return refusal
            }
        }
        return nil
    }

    /// Verifies a chain from the start, as a handshake does.
    private func refusal(
        ofUnverified certificate: Certificate, chain: OpaquePointer?, peerRole: TLSRole
    ) -> TLSError? {
        guard let verification = unsafe X509_STORE_CTX_new() else {
            return TLSError(.outOfMemory, "no memory to verify a certificate")
        }
        defer {
            unsafe X509_STORE_CTX_free(verification)
            ERR_clear_error()
        }
        guard unsafe X509_STORE_CTX_init(verification, store, certificate.pointer, chain) == 1 else {
            return TLSError(.outOfMemory, "no memory to verify a certificate")
        }
        unsafe X509_STORE_CTX_set_default(verification, peerRole == .server ? "ssl_server" : "ssl_client")
        unsafe X509_VERIFY_PARAM_set_auth_level(
            X509_STORE_CTX_get0_param(verification), TLSContext.securityLevel)
        guard unsafe X509_verify_cert(verification) != 1 else {
            return nil
        }
        let current = unsafe X509_STORE_CTX_get_current_cert(verification).map { unsafe Certificate(sharing: $0) }
        return unsafe PeerRefusal(
            code: X509_STORE_CTX_get_error(verification), depth: X509_STORE_CTX_get_error_depth(verification),
            certificate: current, peerRole: peerRole, serverName: nil
        ).error
    }
}
