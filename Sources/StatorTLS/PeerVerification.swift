internal import COpenSSL

/// Why a connection's peer certificate was refused; belongs to the engine, written by OpenSSL's call back to us.
final class PeerVerification {
    let peerRole: TLSRole
    fileprivate(set) var failure: TLSError?

    init(peerRole: TLSRole) {
        self.peerRole = peerRole
    }

    /// What OpenSSL calls for each certificate of the peer's chain, from the authority down to the peer's own.
    static let callback: @convention(c) (CInt, OpaquePointer?) -> CInt = { isValid, store in
        guard let store = unsafe store, let verification = unsafe PeerVerification.of(store) else {
            return 0
        }
        let depth = unsafe X509_STORE_CTX_get_error_depth(store)
        let certificate = unsafe X509_STORE_CTX_get_current_cert(store).map { unsafe Certificate(sharing: $0) }
        var code = unsafe X509_STORE_CTX_get_error(store)
        if isValid == 1 {
            // OpenSSL takes a certificate that names no purpose for any purpose; Stator does not.
            guard depth == 0, let certificate, !certificate.isMeant(for: verification.peerRole) else {
                return 1
            }
            code = X509_V_ERR_INVALID_PURPOSE
            unsafe X509_STORE_CTX_set_error(store, code)
        }
        verification.failure = verification.refusal(code: code, depth: depth, certificate: certificate)
        return 0
    }

    private static func of(_ store: OpaquePointer) -> PeerVerification? {
        let index = SSL_get_ex_data_X509_STORE_CTX_idx()
        guard let connection = unsafe X509_STORE_CTX_get_ex_data(store, index),
            let data = unsafe stator_SSL_get_app_data(OpaquePointer(connection))
        else {
            return nil
        }
        return unsafe Unmanaged<PeerVerification>.fromOpaque(data).takeUnretainedValue()
    }

    private func refusal(code: CInt, depth: CInt, certificate: Certificate?) -> TLSError {
        let subject = certificate?.subject ?? "without a name"
        let whose =
            depth == 0
            ? "the peer's certificate (\(subject))"
            : "the certificate of an authority in the peer's chain (\(subject))"
        let what =
            switch code {
            case X509_V_ERR_CERT_HAS_EXPIRED:
                "has expired on \(certificate?.notAfter.map(Certificate.text) ?? "an unknown date")"
            case X509_V_ERR_CERT_NOT_YET_VALID:
                "is not valid before \(certificate?.notBefore.map(Certificate.text) ?? "an unknown date"); "
                    + "compare both machines' clocks"
            case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
                X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_CERT_SIGNATURE_FAILURE, X509_V_ERR_CERT_UNTRUSTED:
                "is signed by a certificate authority that this side does not trust"
            case X509_V_ERR_INVALID_PURPOSE where depth == 0:
                "is not meant for a \(peerRole == .server ? "server" : "client"): its extended key usage lacks "
                    + (peerRole == .server ? "serverAuth" : "clientAuth")
            case X509_V_ERR_CERT_REVOKED:
                "is revoked"
            default:
                "is refused: \(unsafe String(cString: X509_verify_cert_error_string(Int(code))))"
            }
        return TLSError(.certificateRejected, "\(whose) \(what)")
    }
}
