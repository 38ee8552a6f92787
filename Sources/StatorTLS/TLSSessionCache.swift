internal import COpenSSL

/// The newest session with each of a few servers, for a shorter handshake on the next connection to it.
///
/// Belongs to a context, and so ends with the trust under which its sessions were made.
final class TLSSessionCache: Sendable {
    /// Whose session it is.
    struct Key: Hashable, Sendable {
        let server: String
        /// What the server's certificate was checked for.
        let serverName: String?
    }

    /// Owns a session.
    ///
    /// `@unchecked Sendable`: OpenSSL counts its references atomically, and does not change it once it is complete.
    @safe final class Session: @unchecked Sendable {
        let pointer: OpaquePointer

        /// Takes over the caller's reference.
        init(owning pointer: OpaquePointer) {
            unsafe self.pointer = pointer
        }

        deinit {
            unsafe SSL_SESSION_free(pointer)
        }

        var peerCertificate: Certificate? {
            unsafe SSL_SESSION_get0_peer(pointer).map { unsafe Certificate(sharing: $0) }
        }
    }

    private static let sessionsMax = 64

    /// Oldest first.
    private let sessions = Guarded<[(key: Key, session: Session)]>([])

    /// Replaces the session with that server; the oldest of all gives way when there are many.
    func insert(_ session: Session, for key: Key) {
        sessions.withLock { sessions in
            sessions.removeAll { $0.key == key }
            if sessions.count >= TLSSessionCache.sessionsMax {
                sessions.removeFirst()
            }
            sessions.append((key, session))
        }
    }

    /// The session with that server, which is then forgotten: used twice, it would tell onlookers that both are one client.
    func take(for key: Key) -> Session? {
        sessions.withLock { sessions in
            sessions.firstIndex { $0.key == key }.map { sessions.remove(at: $0).session }
        }
    }

    /// Keeps each session that a server offers; of several on one connection, the last.
    static let keepSession: @convention(c) (OpaquePointer?, OpaquePointer?) -> CInt = { connection, session in
        guard let sessions = unsafe PeerVerification.of(connection)?.sessions, let session = unsafe session,
            unsafe SSL_SESSION_is_resumable(session) == 1
        else {
            return 0
        }
        sessions.cache.insert(unsafe Session(owning: session), for: sessions.key)
        // Taken over.
        return 1
    }
}
