internal import COpenSSL
internal import Glibc

/// The rules for tickets, in which a server hands its sessions out to clients instead of keeping them.
///
/// A ticket holds the client's certificate and the time at which the client proved that it has the key: a session taken up
/// again, and again from there, ends in time. Its keys are the context's own and so end with it.
package enum SessionTicket {
    /// How long after a full handshake a session may be taken up again.
    package static let lifetimeMax: CInt = 2 * 60 * 60

    /// Whether a session may still be taken up; both times in seconds since the epoch.
    package static func isFresh(provenAt proven: Int64, now: Int64) -> Bool {
        let (age, overflow) = now.subtractingReportingOverflow(proven)
        return !overflow && (0...Int64(lifetimeMax)).contains(age)
    }

    static func allow(in context: OpaquePointer) -> Bool {
        unsafe SSL_CTX_set_timeout(context, CLong(lifetimeMax))
        return unsafe SSL_CTX_set_num_tickets(context, 1) == 1
            && SSL_CTX_set_session_ticket_cb(context, complete, check, nil) == 1
    }

    /// Notes when the client proved itself, unless the session is the continuation of one in which that is noted.
    private static let complete: SSL_CTX_generate_session_ticket_fn = { connection, _ in
        guard let session = unsafe SSL_get_session(connection) else {
            return 0
        }
        if unsafe provenTime(of: session) != nil {
            return 1
        }
        return unsafe withUnsafeBytes(of: Int64(time(nil)).littleEndian) { bytes in
            unsafe SSL_SESSION_set1_ticket_appdata(session, bytes.baseAddress, bytes.count)
        }
    }

    /// Whether a ticket is taken; where not, the handshake is a full one.
    private static let check: SSL_CTX_decrypt_session_ticket_fn = { connection, session, _, _, status, _ in
        guard status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW, let session = unsafe session,
            let verification = unsafe PeerVerification.of(connection),
            let proven = unsafe provenTime(of: session),
            let pointer = unsafe SSL_SESSION_get0_peer(session)
        else {
            return SSL_TICKET_RETURN_IGNORE_RENEW
        }
        let certificate = unsafe Certificate(sharing: pointer)
        guard isFresh(provenAt: proven, now: Int64(time(nil))),
            verification.trust.refusal(ofVerified: certificate, peerRole: verification.peerRole) == nil
        else {
            return SSL_TICKET_RETURN_IGNORE_RENEW
        }
        return SSL_TICKET_RETURN_USE_RENEW
    }

    private static func provenTime(of session: OpaquePointer) -> Int64? {
        var data: UnsafeMutableRawPointer?
        var count = 0
        guard unsafe SSL_SESSION_get0_ticket_appdata(session, &data, &count) == 1, let data = unsafe data,
            count == MemoryLayout<Int64>.size
        else {
            return nil
        }
        return unsafe Int64(littleEndian: data.loadUnaligned(as: Int64.self))
    }
}
