internal import COpenSSL

/// How often a peer may still renew its keys.
///
/// Each time costs as much as thousands of bytes of data do, and OpenSSL sets no limit to them. Peers that mean well renew
/// theirs after millions of records.
struct KeyUpdates {
    /// In a row.
    private static let countMax = 32
    private static let messageType: UInt8 = 24

    static let tooMany = TLSError(.handshakeFailed, "the peer renews its keys again and again")

    private var left = KeyUpdates.countMax

    var areTooMany: Bool { left < 0 }

    mutating func grantOne() {
        left = min(left + 1, KeyUpdates.countMax)
    }

    /// What OpenSSL calls for each message of TLS once the handshake is over. There is no way to fail from here: what has
    /// come behind the one too many is dropped, so that OpenSSL asks for input and its caller looks.
    static let countMessage:
        @convention(c) (
            CInt, CInt, CInt, UnsafeRawPointer?, Int, OpaquePointer?, UnsafeMutableRawPointer?
        ) -> Void = { isWritten, _, kind, bytes, count, connection, _ in
            guard isWritten == 0, kind == SSL3_RT_HANDSHAKE, count > 0,
                let type = unsafe bytes?.load(as: UInt8.self), type == messageType,
                let verification = unsafe PeerVerification.of(connection)
            else {
                return
            }
            verification.keyUpdates.left -= 1
            if verification.keyUpdates.areTooMany {
                unsafe EngineIO.dropInput(of: SSL_get_rbio(connection))
            }
        }
}
