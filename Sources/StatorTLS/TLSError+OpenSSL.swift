internal import COpenSSL

/// What OpenSSL left in its error queue after a failed call.
struct OpenSSLFailure {
    /// The library and reason of the first error of the TLS layer, else of the first at all.
    private let code: UInt

    /// Empties the queue of this thread.
    init() {
        var first: UInt = 0
        var next = ERR_get_error()
        while next != 0 {
            if first == 0 || (!OpenSSLFailure.isTLS(first) && OpenSSLFailure.isTLS(next)) {
                first = next
            }
            next = ERR_get_error()
        }
        code = first
    }

    private static func isTLS(_ code: UInt) -> Bool {
        ERR_GET_LIB(code) == ERR_LIB_SSL
    }

    /// OpenSSL's words for it.
    var reason: String {
        guard code != 0, let text = unsafe ERR_reason_error_string(code) else {
            return "no reason given"
        }
        return unsafe String(cString: text)
    }

    /// The error for a handshake or a record that failed.
    func tlsError() -> TLSError {
        guard OpenSSLFailure.isTLS(code) else {
            return TLSError(.handshakeFailed, "TLS with the peer failed: \(reason)")
        }
        let number = ERR_GET_REASON(code)
        if number > SSL_AD_REASON_OFFSET {
            return OpenSSLFailure.refusal(alert: number - SSL_AD_REASON_OFFSET, reason: reason)
        }
        switch number {
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_NO_PROTOCOLS_AVAILABLE, SSL_R_WRONG_SSL_VERSION, SSL_R_VERSION_TOO_LOW:
            return TLSError(.protocolMismatch, "the peer does not speak TLS 1.3, which this side insists on")
        case SSL_R_NO_APPLICATION_PROTOCOL, SSL_R_CALLBACK_FAILED:
            return TLSContext.applicationProtocolMissing
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST, SSL_R_UNEXPECTED_MESSAGE,
            SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_BAD_RECORD_TYPE, SSL_R_UNKNOWN_PROTOCOL, SSL_R_UNEXPECTED_RECORD:
            return TLSError(.handshakeFailed, "what the peer sends is not TLS 1.3 (\(reason)); is it the right port?")
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return TLSError(.certificateRejected, "the peer has shown no certificate; one is required")
        case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
            return TLSError(.handshakeFailed, "a record from the peer was damaged or forged on its way")
        default:
            return TLSError(.handshakeFailed, "TLS with the peer failed: \(reason)")
        }
    }

    /// The error for an alert with which the peer ended the connection.
    private static func refusal(alert: CInt, reason: String) -> TLSError {
        let message =
            switch alert {
            case SSL_AD_CERTIFICATE_EXPIRED:
                "the peer refused our certificate: expired"
            case SSL_AD_UNKNOWN_CA:
                "the peer refused our certificate: it does not trust the certificate authority that signed it"
            case SSL_AD_CERTIFICATE_REVOKED:
                "the peer refused our certificate: revoked"
            case SSL_AD_UNSUPPORTED_CERTIFICATE:
                "the peer refused our certificate: it is not meant for this role (extended key usage)"
            case SSL_AD_BAD_CERTIFICATE:
                "the peer refused our certificate: it is not for the host that was dialled, or is damaged"
            case SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_ACCESS_DENIED:
                "the peer refused our certificate: \(reason)"
            case SSL_AD_CERTIFICATE_REQUIRED:
                "the peer requires a certificate, and this side has shown none"
            case SSL_AD_DECRYPT_ERROR:
                "the peer refused our certificate: its signature does not verify"
            default:
                "the peer ended TLS: \(reason)"
            }
        switch alert {
        case SSL_AD_PROTOCOL_VERSION:
            return TLSError(.protocolMismatch, "the peer does not speak TLS 1.3, which this side insists on")
        case SSL_AD_NO_APPLICATION_PROTOCOL:
            return TLSContext.applicationProtocolMissing
        default:
            return TLSError(.refusedByPeer, message)
        }
    }
}

/// Makes an OpenSSL call with an empty error queue, so that what is in it afterwards is the call's own.
@inline(__always)
func withEmptyErrorQueue<Result>(_ call: () -> Result) -> Result {
    // Looking is cheaper than clearing.
    if ERR_peek_error() != 0 {
        ERR_clear_error()
    }
    return call()
}
