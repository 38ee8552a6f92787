internal import COpenSSL

/// What is wrong with a certificate of a peer's chain, from OpenSSL's code to a sentence.
struct PeerRefusal {
    let code: CInt
    /// 0 for the peer's own certificate.
    let depth: CInt
    let certificate: Certificate?
    let peerRole: TLSRole
    /// What was dialled, if it was to be in the certificate.
    let serverName: String?

    var error: TLSError {
        let subject = certificate?.subject ?? "without a name"
        let whose =
            depth == 0
            ? "the peer's certificate (\(subject))"
            : "the certificate of an authority in the peer's chain (\(subject))"
        return TLSError(.certificateRejected, "\(whose) \(predicate)")
    }

    private var predicate: String {
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
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            "is not that of \(serverName ?? "the server dialled"): \(namesInCertificate)"
        case X509_V_ERR_CERT_REVOKED:
            "is revoked"
        case X509_V_ERR_UNABLE_TO_GET_CRL:
            "cannot be checked: no revocation list of the authority that signed it (\(issuer)) is given"
        case X509_V_ERR_CRL_HAS_EXPIRED:
            "cannot be checked: the revocation list of the authority that signed it (\(issuer)) has expired; "
                + "write a new one"
        case X509_V_ERR_CRL_NOT_YET_VALID:
            "cannot be checked: the revocation list of the authority that signed it (\(issuer)) is not valid yet; "
                + "compare both machines' clocks"
        case X509_V_ERR_CRL_SIGNATURE_FAILURE:
            "cannot be checked: the revocation list of the authority that signed it (\(issuer)) is not genuine"
        default:
            "is refused: \(unsafe String(cString: X509_verify_cert_error_string(Int(code))))"
        }
    }

    private var issuer: String {
        certificate?.issuer ?? "without a name"
    }

    private var namesInCertificate: String {
        let names = certificate?.serverNames() ?? []
        return names.isEmpty ? "it names no host" : "it names \(names.joined(separator: ", "))"
    }
}
