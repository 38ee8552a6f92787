internal import COpenSSL

/// Owns a certificate revocation list of one authority.
///
/// `@unchecked Sendable`: not changed after it is made; what OpenSSL sorts in it at the first look-up, it locks.
@safe final class RevocationList: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Takes over the caller's reference.
    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe X509_CRL_free(pointer)
    }

    /// The name of the authority whose list it is.
    var issuer: String {
        unsafe Certificate.text(of: X509_CRL_get_issuer(pointer))
    }

    /// When it is to be replaced; nil when it does not say.
    var nextUpdate: Int64? {
        unsafe Certificate.secondsSinceEpoch(X509_CRL_get0_nextUpdate(pointer))
    }

    var lastUpdate: Int64? {
        unsafe Certificate.secondsSinceEpoch(X509_CRL_get0_lastUpdate(pointer))
    }

    var hasExpired: Bool {
        guard let next = unsafe X509_CRL_get0_nextUpdate(pointer) else {
            return false
        }
        return unsafe X509_cmp_current_time(next) <= 0
    }

    var isOfTheFuture: Bool {
        unsafe X509_cmp_current_time(X509_CRL_get0_lastUpdate(pointer)) > 0
    }

    /// Whether it is the list of the authority that issued the certificate, by name.
    func covers(_ certificate: Certificate) -> Bool {
        unsafe X509_NAME_cmp(X509_CRL_get_issuer(pointer), X509_get_issuer_name(certificate.pointer)) == 0
    }

    /// Whether it is that authority's list, by name.
    func isNamed(for authority: Certificate) -> Bool {
        unsafe X509_NAME_cmp(X509_CRL_get_issuer(pointer), X509_get_subject_name(authority.pointer)) == 0
    }

    func isSigned(by authority: Certificate) -> Bool {
        let isSigned = unsafe X509_CRL_verify(pointer, X509_get0_pubkey(authority.pointer)) == 1
        ERR_clear_error()
        return isSigned
    }

    func names(_ certificate: Certificate) -> Bool {
        var entry: OpaquePointer?
        // 2 is an entry that takes an earlier one back.
        return unsafe X509_CRL_get0_by_cert(pointer, &entry, certificate.pointer) == 1
    }
}
