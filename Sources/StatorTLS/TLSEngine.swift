internal import COpenSSL

public enum HandshakeProgress: Hashable, Sendable {
    /// Send the output, and receive more.
    case needsInput
    /// Send the output, and call again with room for more.
    case needsRoom
    /// Send the output; data may flow.
    case complete
}

public enum TLSReadResult: Hashable, Sendable {
    case bytes(Int)
    /// Everything received is used up.
    case needsInput
    /// The peer has said that nothing more comes.
    case closed
}

/// One TLS connection from memory to memory: bytes of the socket on one side, of the protocol on the other. Does no I/O.
///
/// Each call is lent what it works on: input that came from the socket, from the front of which it takes what it uses, and
/// room for output that is to go there. Between calls the engine keeps no buffer of its own, except for a record of which
/// only a part has come. After each call, also one that throws, send the output: an error may leave an alert for the peer
/// there. A connection whose socket ends without `read` having said `.closed` was cut off. An engine that has failed fails
/// in the same way from then on. Used by one thread at a time.
///
/// On the client, a complete handshake does not say that the server takes the client's certificate; that shows in the first
/// `read` only, as TLS 1.3 has it.
@safe public struct TLSEngine: ~Copyable {
    private enum State {
        case handshaking
        case established
        /// This side has said that nothing more comes.
        case closed
        case failed(TLSError)
    }

    /// The most plaintext that one record carries.
    public static let recordPlaintextMax = 16 * 1024
    /// What a record has besides: its header, its type and the tag.
    public static let recordOverhead = 5 + 1 + 16
    /// After so many records the keys of this side are renewed; AES-GCM is safe for three times as many.
    private static let recordsPerKeyMax = 1 << 23
    /// A record with the message that says so.
    private static let keyUpdateLength = recordOverhead + 5

    /// For so many records of data a peer may renew its keys once more.
    private static let recordsPerKeyUpdate = 1024

    private let connection: OpaquePointer
    // Belongs to the connection.
    private let transport: OpaquePointer
    private let verification: PeerVerification
    private var state = State.handshaking
    /// How many more records are encrypted with the present keys.
    package var recordsUntilNewKeys = TLSEngine.recordsPerKeyMax
    /// Until the peer may renew its keys once more.
    private var recordsUntilGrant = TLSEngine.recordsPerKeyUpdate

    /// The role is the context's own; naming another is an error.
    ///
    /// - Parameters:
    ///   - serverName: For clients: the DNS name or IP address that the server's certificate must be for; nil: any.
    ///   - sessionKey: For clients: what the server was dialled by. With it, the handshake takes up the last session with
    ///     that server where both sides still can.
    public init(
        _ context: TLSContext, role: TLSRole, serverName: String? = nil, sessionKey: String? = nil
    ) throws(TLSError) {
        guard role == context.role else {
            throw TLSError(.misuse, "a TLS context of the other role was given")
        }
        guard role == .client || (serverName == nil && sessionKey == nil) else {
            throw TLSError(.misuse, "servers dial nobody")
        }
        guard serverName.map({ !$0.isEmpty && !$0.utf8.contains(0) }) ?? true else {
            throw TLSError(.misuse, "the name of a server cannot be empty or contain a zero byte")
        }
        let connection = unsafe SSL_new(context.handle.pointer)
        let transport = unsafe EngineIO.makeBIO()
        guard let connection = unsafe connection, let transport = unsafe transport,
            unsafe TLSEngine.require(serverName, of: connection)
        else {
            unsafe BIO_free(transport)
            unsafe SSL_free(connection)
            throw TLSError(.outOfMemory, "cannot make a TLS connection: \(OpenSSLFailure().reason)")
        }
        unsafe self.connection = connection
        unsafe self.transport = transport
        let key = sessionKey.map { TLSSessionCache.Key(server: $0, serverName: serverName) }
        verification = PeerVerification(context, serverName: serverName, sessionKey: key)
        // Both ends are one, which the connection takes over.
        unsafe SSL_set_bio(connection, transport, transport)
        // The engine outlives the connection, and so does the object.
        unsafe stator_SSL_set_app_data(connection, Unmanaged.passUnretained(verification).toOpaque())
        switch role {
        case .client:
            unsafe SSL_set_connect_state(connection)
            resumeSession()
        case .server:
            unsafe SSL_set_accept_state(connection)
        }
    }

    deinit {
        if case .failed = state {
            // OpenSSL takes the session for spoilt then.
        } else {
            // A connection that was cut off says nothing against its session.
            unsafe SSL_set_shutdown(connection, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        }
        unsafe SSL_free(connection)
    }

    /// Has OpenSSL compare the alternative names of the server's certificate, never its subject.
    private static func require(_ serverName: String?, of connection: OpaquePointer) -> Bool {
        guard let serverName else {
            return true
        }
        let parameters = unsafe SSL_get0_param(connection)
        unsafe X509_VERIFY_PARAM_set_hostflags(
            parameters, UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        return withEmptyErrorQueue {
            unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, serverName) == 1
                || X509_VERIFY_PARAM_set1_host(parameters, serverName, serverName.utf8.count) == 1
        }
    }

    /// Offers the server the last session, unless the server would be refused by now.
    private func resumeSession() {
        guard let (cache, key) = verification.sessions, let session = cache.take(for: key),
            let certificate = session.peerCertificate,
            verification.trust.refusal(ofVerified: certificate, peerRole: verification.peerRole) == nil
        else {
            return
        }
        _ = withEmptyErrorQueue { unsafe SSL_set_session(connection, session.pointer) }
        ERR_clear_error()
    }

    /// Makes a call of OpenSSL's with the caller's memory as its socket.
    @inline(__always)
    private func lending(
        _ input: inout UnsafeRawBufferPointer, _ output: inout CiphertextBuffer, _ call: () -> CInt
    ) -> CInt {
        var io = unsafe EngineIO(input: input, output: output)
        let result = unsafe withUnsafeMutablePointer(to: &io) { io in
            unsafe BIO_set_data(transport, io)
            let result = withEmptyErrorQueue(call)
            unsafe BIO_set_data(transport, nil)
            return result
        }
        unsafe input = io.input
        output = io.output
        return result
    }

    /// Goes on with the handshake as far as the input allows.
    public mutating func handshake(
        from input: inout UnsafeRawBufferPointer, to output: inout CiphertextBuffer
    ) throws(TLSError) -> HandshakeProgress {
        switch state {
        case .handshaking: break
        case .established: return .complete
        case .closed: throw TLSEngine.closedError
        case .failed(let error): throw error
        }
        let result = unsafe lending(&input, &output) { unsafe SSL_do_handshake(connection) }
        guard result == 1 else {
            switch unsafe SSL_get_error(connection, result) {
            case SSL_ERROR_WANT_READ: return .needsInput
            case SSL_ERROR_WANT_WRITE: return .needsRoom
            default: throw fail()
            }
        }
        if let error = disagreement() {
            shutDown(&output)
            state = .failed(error)
            throw error
        }
        unsafe SSL_set_msg_callback(connection, KeyUpdates.countMessage)
        state = .established
        return .complete
    }

    /// Reads what the peer wrote; at most one record per call. Each record fits into `recordPlaintextMax` bytes; what does
    /// not fit into fewer comes with the next call.
    ///
    /// A peer that renews its keys again and again is let go: each time costs what thousands of bytes do.
    /// TLS has to answer some of what a peer sends, with no more bytes than came. There must be room for it: a peer that has
    /// itself answered and does not take the answers is let go by giving little.
    public mutating func read(
        from input: inout UnsafeRawBufferPointer, into plaintext: UnsafeMutableRawBufferPointer,
        answers output: inout CiphertextBuffer
    ) throws(TLSError) -> TLSReadResult {
        switch state {
        case .handshaking: throw TLSError(.misuse, "read before the handshake was complete")
        case .established, .closed: break
        case .failed(let error): throw error
        }
        // Asking OpenSSL costs an allocation.
        if unsafe input.isEmpty, unsafe SSL_has_pending(connection) == 0, unsafe SSL_get_shutdown(connection) == 0 {
            return .needsInput
        }
        var count = 0
        let result = unsafe lending(&input, &output) {
            unsafe SSL_read_ex(connection, plaintext.baseAddress, plaintext.count, &count)
        }
        if result == 1 {
            noteRecordOfData()
            return .bytes(count)
        }
        if verification.keyUpdates.areTooMany {
            shutDown(&output)
            state = .failed(KeyUpdates.tooMany)
            throw KeyUpdates.tooMany
        }
        switch unsafe SSL_get_error(connection, result) {
        case SSL_ERROR_WANT_READ: return .needsInput
        case SSL_ERROR_ZERO_RETURN: return .closed
        case SSL_ERROR_WANT_WRITE:
            state = .failed(TLSEngine.answersNotTaken)
            throw TLSEngine.answersNotTaken
        default: throw fail()
        }
    }

    private mutating func noteRecordOfData() {
        recordsUntilGrant -= 1
        guard recordsUntilGrant == 0 else { return }
        recordsUntilGrant = TLSEngine.recordsPerKeyUpdate
        verification.keyUpdates.grantOne()
    }

    /// Encrypts as much as there is room for, in records as long as can be; returns how much of it.
    public mutating func write(
        _ plaintext: UnsafeRawBufferPointer, to output: inout CiphertextBuffer
    ) throws(TLSError) -> Int {
        switch state {
        case .handshaking: throw TLSError(.misuse, "write before the handshake was complete")
        case .established: break
        case .closed: throw TLSEngine.closedError
        case .failed(let error): throw error
        }
        let isKeyUsedUp = recordsUntilNewKeys <= 0
        let room = output.room - (isKeyUsedUp ? TLSEngine.keyUpdateLength : 0)
        let count = min(plaintext.count, TLSEngine.plaintextCount(fitting: room))
        guard count > 0 else {
            return 0
        }
        if isKeyUsedUp {
            // The peer is told in a record before the next.
            _ = withEmptyErrorQueue { unsafe SSL_key_update(connection, SSL_KEY_UPDATE_NOT_REQUESTED) }
            recordsUntilNewKeys = TLSEngine.recordsPerKeyMax
        }
        var written = 0
        var input = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        let result = unsafe lending(&input, &output) {
            unsafe SSL_write_ex(connection, plaintext.baseAddress, count, &written)
        }
        guard result == 1 else {
            throw fail()
        }
        recordsUntilNewKeys -= (count - 1) / TLSEngine.recordPlaintextMax + 1
        return written
    }

    /// How much plaintext becomes no more than so many bytes of ciphertext.
    private static func plaintextCount(fitting room: Int) -> Int {
        let recordMax = recordPlaintextMax + recordOverhead
        let (records, rest) = max(0, room).quotientAndRemainder(dividingBy: recordMax)
        return records * recordPlaintextMax + max(0, rest - recordOverhead)
    }

    /// Tells the peer that nothing more comes from this side; reading goes on. Does nothing before the handshake is
    /// complete, after a failure, or the second time.
    public mutating func close(to output: inout CiphertextBuffer) {
        guard case .established = state else {
            return
        }
        state = .closed
        shutDown(&output)
    }

    private func shutDown(_ output: inout CiphertextBuffer) {
        var input = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
        _ = unsafe lending(&input, &output) { unsafe SSL_shutdown(connection) }
        ERR_clear_error()
    }

    private mutating func fail() -> TLSError {
        let failure = OpenSSLFailure()
        let error = verification.failure ?? failure.tlsError()
        state = .failed(error)
        return error
    }
}

// What is known of the peer.
extension TLSEngine {
    /// The URIs among the alternative names of the peer's certificate, which was verified; Stator's identities.
    ///
    /// When a session was taken up again, the certificate is the one that the peer showed for it.
    public borrowing func peerURIs() throws(TLSError) -> [String] {
        switch state {
        case .established, .closed: break
        case .handshaking: throw TLSError(.misuse, "the peer is not known before the handshake is complete")
        case .failed(let error): throw error
        }
        guard let pointer = unsafe SSL_get0_peer_certificate(connection) else {
            throw TLSEngine.certificateMissing
        }
        return try unsafe Certificate(sharing: pointer).uris()
    }

    /// Whether the handshake took up an earlier session, in which the peer proved that it has its key.
    public var isResumed: Bool {
        unsafe SSL_session_reused(connection) == 1
    }

    borrowing func refusal(under trust: Trust) -> TLSError? {
        unsafe trust.refusal(of: connection, acceptedUnder: verification.trust, peerRole: verification.peerRole)
    }

    /// What must hold of every connection, whatever OpenSSL's own rules are.
    private func disagreement() -> TLSError? {
        var selected: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        unsafe SSL_get0_alpn_selected(connection, &selected, &length)
        let name = unsafe UnsafeBufferPointer(start: selected, count: Int(length))
        if unsafe !name.elementsEqual(TLSContext.applicationProtocol.utf8) {
            return TLSContext.applicationProtocolMissing
        }
        if unsafe SSL_get0_peer_certificate(connection) == nil {
            return TLSEngine.certificateMissing
        }
        if unsafe SSL_get_verify_result(connection) != X509_V_OK {
            return TLSError(.certificateRejected, "the peer's certificate was not verified")
        }
        return nil
    }

    private static let closedError = TLSError(.closed, "this side has closed the TLS connection")
    private static let answersNotTaken = TLSError(
        .handshakeFailed, "the peer makes TLS answer it and does not take the answers")
    static let certificateMissing = TLSError(
        .certificateRejected, "the peer has shown no certificate; one is required")
}
