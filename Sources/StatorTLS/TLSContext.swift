internal import COpenSSL

/// What all connections of one side share: its certificate, its key and whom it trusts.
///
/// TLS 1.3 only; both sides show a certificate; both speak `stator/1`. The files are read once: to take up new ones, make a
/// new context (see `ReloadableTLSContext`), which leaves existing connections as they are and takes none of the sessions
/// that were made under the old one.
///
/// `@unchecked Sendable`: the context is not changed after `init`, and OpenSSL counts its references atomically.
@safe public final class TLSContext: @unchecked Sendable {
    /// Owns the reference that this object holds; each connection holds another.
    @safe struct Handle: ~Copyable {
        let pointer: OpaquePointer

        deinit {
            unsafe SSL_CTX_free(pointer)
        }
    }

    /// The name of Stator's protocol in ALPN.
    public static let applicationProtocol = "stator/1"

    static let applicationProtocolMissing = TLSError(
        .protocolMismatch, "the peer does not speak \(applicationProtocol) over TLS (ALPN)")

    /// 112 bits and more; no SHA-1 in signatures.
    static let securityLevel: CInt = 2

    public let role: TLSRole
    let handle: Handle
    let trust: Trust
    /// Of clients; servers keep no sessions.
    let sessions = TLSSessionCache()

    /// Reads the files and checks that they belong together.
    public init(_ configuration: TLSConfiguration, role: TLSRole) throws(TLSError) {
        let method = unsafe role == .client ? TLS_client_method() : TLS_server_method()
        guard let pointer = unsafe SSL_CTX_new(method) else {
            throw TLSError(.outOfMemory, "cannot make a TLS context: \(OpenSSLFailure().reason)")
        }
        self.role = role
        handle = unsafe Handle(pointer: pointer)
        try unsafe TLSContext.restrict(pointer, role: role)
        try unsafe TLSContext.loadIdentity(of: configuration, into: pointer)
        trust = try unsafe Trust(configuration, for: pointer)
    }

    /// Why the peer of a connection that was made under an earlier context would be refused under this one; nil when it
    /// would not. For looking at all open connections after a reload: next to no cost while the authorities are the same.
    ///
    /// Where the authorities have changed, a peer that resumed a session under an authority between it and them is refused:
    /// a resumption does not show that authority's certificate.
    public func refusal(of engine: borrowing TLSEngine) -> TLSError? {
        engine.refusal(under: trust)
    }

    /// What Stator's connections are held to.
    private static func restrict(_ context: OpaquePointer, role: TLSRole) throws(TLSError) {
        let offered = [UInt8(applicationProtocol.utf8.count)] + Array(applicationProtocol.utf8)
        let isSet = withEmptyErrorQueue {
            unsafe stator_SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1
                && SSL_CTX_set_alpn_protos(context, offered, UInt32(offered.count)) == 0
                && SSL_CTX_set_session_id_context(context, offered, UInt32(offered.count)) == 1
                && SessionTicket.allow(in: context)
        }
        guard isSet else {
            throw TLSError(.outOfMemory, "cannot set up TLS: \(OpenSSLFailure().reason)")
        }
        unsafe SSL_CTX_set_security_level(context, securityLevel)
        // An idle connection keeps no record buffers; a write may go on from other memory than it began with. The chain is
        // sent as it is in the file: OpenSSL would search and verify it in each handshake, and add the root, which the peer
        // has, and would keep for as long as the connection lasts.
        let modes = SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN
        unsafe stator_SSL_CTX_set_mode(context, Int(modes))
        // A server's sessions are in its tickets only, a client's in the cache that this calls.
        unsafe stator_SSL_CTX_set_session_cache(context, CInt(role == .client ? clientSessions : SSL_SESS_CACHE_OFF))
        unsafe SSL_CTX_sess_set_new_cb(context, TLSSessionCache.keepSession)
        unsafe SSL_CTX_set_verify(
            context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, PeerVerification.callback)
        if role == .server {
            unsafe SSL_CTX_set_client_hello_cb(context, requireApplicationProtocol, nil)
            unsafe SSL_CTX_set_alpn_select_cb(context, selectApplicationProtocol, nil)
        }
    }

    private static func loadIdentity(of configuration: TLSConfiguration, into context: OpaquePointer) throws(TLSError) {
        let path = configuration.certificateChainPath
        let chain = try PEMFile(path: path, subject: "certificate").certificates()
        var keyFile = try PEMFile(path: configuration.privateKeyPath, subject: "private key", isSecret: true)
        defer { keyFile.erase() }
        let key = try keyFile.privateKey()
        for (index, certificate) in chain.enumerated() {
            let isTaken = withEmptyErrorQueue {
                unsafe index == 0
                    ? SSL_CTX_use_certificate(context, certificate.pointer) == 1
                    : stator_SSL_CTX_add1_chain_cert(context, certificate.pointer) == 1
            }
            guard isTaken else {
                let reason = OpenSSLFailure().reason
                throw TLSError(.invalidCertificate, "the certificate file \(path) cannot be used: \(reason)")
            }
            if index == 0, unsafe X509_check_private_key(certificate.pointer, key.pointer) != 1 {
                throw TLSError(
                    .keyMismatch,
                    "the private key \(configuration.privateKeyPath) does not belong to the certificate \(path)")
            }
        }
        guard withEmptyErrorQueue({ unsafe SSL_CTX_use_PrivateKey(context, key.pointer) }) == 1 else {
            throw keyFile.unreadable("the key cannot be used: \(OpenSSLFailure().reason)")
        }
    }
}

private let clientSessions = SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL
private let applicationProtocolExtension: UInt32 = 16
private let supportedVersionsExtension: UInt32 = 43

/// Refuses a client that offers no application protocol: for such, OpenSSL would not ask which to select.
private let requireApplicationProtocol: SSL_client_hello_cb_fn = { connection, alert, _ in
    var data: UnsafePointer<UInt8>?
    var length = 0
    let isModern = unsafe SSL_client_hello_get0_ext(connection, supportedVersionsExtension, &data, &length) == 1
    let offersNames = unsafe SSL_client_hello_get0_ext(connection, applicationProtocolExtension, &data, &length) == 1
    // An older client is refused for its age, which says more.
    if offersNames || !isModern {
        return SSL_CLIENT_HELLO_SUCCESS
    }
    unsafe alert?.pointee = SSL_AD_NO_APPLICATION_PROTOCOL
    return SSL_CLIENT_HELLO_ERROR
}

/// Selects `stator/1` from what the client offers: a list of names, each after its length.
private let selectApplicationProtocol: SSL_CTX_alpn_select_cb_func = { _, chosen, chosenLength, offered, length, _ in
    let list = unsafe UnsafeBufferPointer(start: offered, count: Int(length))
    var rest = unsafe list[...]
    while let nameLength = unsafe rest.popFirst(), unsafe Int(nameLength) <= rest.count {
        let name = unsafe rest.prefix(Int(nameLength))
        if unsafe name.elementsEqual(TLSContext.applicationProtocol.utf8) {
            // May point into the client's list, which outlives the choice.
            unsafe chosen?.pointee = UnsafeBufferPointer(rebasing: name).baseAddress
            unsafe chosenLength?.pointee = nameLength
            return SSL_TLSEXT_ERR_OK
        }
        unsafe rest = rest.dropFirst(Int(nameLength))
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
