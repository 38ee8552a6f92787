internal import COpenSSL

public enum HandshakeProgress: Hashable, Sendable {
    /// Send what is pending, and receive more.
    case needsInput
    /// Send what is pending; data may flow.
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
/// After each call, also one that throws, drain and send what is pending: an error may leave an alert for the peer there.
/// A connection whose socket ends without `read` having said `.closed` was cut off. An engine that has failed fails in
/// the same way from then on. Used by one thread at a time.
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

    private let connection: OpaquePointer
    // Both belong to the connection.
    private let input: OpaquePointer
    private let output: OpaquePointer
    private let verification: PeerVerification
    private var state = State.handshaking
    /// Of what is pending, what TLS has to say by itself: answers to the peer's key updates.
    private var answerCount = 0

    /// More of it is not kept for a peer that does not take it; each answer has about 30 bytes.
    private static let answerCountMax = 64 * 1024

    /// The role is the context's own; naming another is an error.
    public init(_ context: TLSContext, role: TLSRole) throws(TLSError) {
        guard role == context.role else {
            throw TLSError(.misuse, "a TLS context of the other role was given")
        }
        let connection = unsafe SSL_new(context.handle.pointer)
        let input = unsafe BIO_new(BIO_s_mem())
        let output = unsafe BIO_new(BIO_s_mem())
        guard let connection = unsafe connection, let input = unsafe input, let output = unsafe output else {
            unsafe BIO_free(output)
            unsafe BIO_free(input)
            unsafe SSL_free(connection)
            throw TLSError(.outOfMemory, "cannot make a TLS connection: \(OpenSSLFailure().reason)")
        }
        unsafe self.connection = connection
        unsafe self.input = input
        unsafe self.output = output
        verification = PeerVerification(peerRole: role == .client ? .server : .client)
        unsafe stator_BIO_set_mem_retry_when_empty(input)
        unsafe stator_BIO_set_mem_retry_when_empty(output)
        // Takes both over.
        unsafe SSL_set_bio(connection, input, output)
        // The engine outlives the connection, and so does the object.
        unsafe stator_SSL_set_app_data(connection, Unmanaged.passUnretained(verification).toOpaque())
        switch role {
        case .client: unsafe SSL_set_connect_state(connection)
        case .server: unsafe SSL_set_accept_state(connection)
        }
    }

    deinit {
        unsafe SSL_free(connection)
    }

    /// Takes bytes from the socket; what they hold comes out of `handshake` or `read`, which are to be called until they
    /// need more, before more is received.
    public mutating func receive(_ ciphertext: UnsafeRawBufferPointer) {
        if case .failed = state {
            return
        }
        var rest = unsafe ciphertext
        while unsafe !rest.isEmpty {
            let count = unsafe BIO_write(input, rest.baseAddress, CInt(min(rest.count, Int(CInt.max))))
            guard count > 0 else {
                state = .failed(TLSError(.outOfMemory, "no memory for what the peer sends"))
                return
            }
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(Int(count)))
        }
    }

    /// Goes on with the handshake as far as what was received allows.
    public mutating func handshake() throws(TLSError) -> HandshakeProgress {
        switch state {
        case .handshaking: break
        case .established: return .complete
        case .closed: throw TLSEngine.closedError
        case .failed(let error): throw error
        }
        let result = withEmptyErrorQueue { unsafe SSL_do_handshake(connection) }
        guard result == 1 else {
            let needsInput = unsafe SSL_get_error(connection, result) == SSL_ERROR_WANT_READ
            guard needsInput else {
                throw fail()
            }
            return .needsInput
        }
        try checkAgreement()
        state = .established
        return .complete
    }

    /// Reads what the peer wrote; at most one record, of 16 KiB, per call.
    public mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(TLSError) -> TLSReadResult {
        switch state {
        case .handshaking: throw TLSError(.misuse, "read before the handshake was complete")
        case .established, .closed: break
        case .failed(let error): throw error
        }
        var count = 0
        let pendingBefore = pendingCiphertextCount
        let result = withEmptyErrorQueue {
            unsafe SSL_read_ex(connection, buffer.baseAddress, buffer.count, &count)
        }
        answerCount += pendingCiphertextCount - pendingBefore
        guard answerCount <= TLSEngine.answerCountMax else {
            state = .failed(TLSEngine.answersNotTaken)
            throw TLSEngine.answersNotTaken
        }
        if result == 1 {
            return .bytes(count)
        }
        switch unsafe SSL_get_error(connection, result) {
        case SSL_ERROR_WANT_READ: return .needsInput
        case SSL_ERROR_ZERO_RETURN: return .closed
        default: throw fail()
        }
    }

    /// Encrypts all of it; the ciphertext is pending then. Bound what is pending by not writing while much is.
    @discardableResult
    public mutating func write(_ plaintext: UnsafeRawBufferPointer) throws(TLSError) -> Int {
        switch state {
        case .handshaking: throw TLSError(.misuse, "write before the handshake was complete")
        case .established: break
        case .closed: throw TLSEngine.closedError
        case .failed(let error): throw error
        }
        guard plaintext.count > 0 else {
            return 0
        }
        var count = 0
        let result = withEmptyErrorQueue {
            unsafe SSL_write_ex(connection, plaintext.baseAddress, plaintext.count, &count)
        }
        guard result == 1 else {
            throw fail()
        }
        return count
    }

    /// How many bytes wait to be sent.
    public var pendingCiphertextCount: Int {
        unsafe Int(BIO_ctrl_pending(output))
    }

    /// Moves bytes to be sent into the buffer, and returns how many.
    public mutating func drainCiphertext(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard buffer.count > 0 else {
            return 0
        }
        let count = max(0, Int(unsafe BIO_read(output, buffer.baseAddress, CInt(min(buffer.count, Int(CInt.max))))))
        if pendingCiphertextCount == 0 {
            answerCount = 0
        }
        return count
    }

    /// Tells the peer that nothing more comes from this side; reading goes on. Does nothing before the handshake is
    /// complete, after a failure, or the second time.
    public mutating func close() {
        guard case .established = state else {
            return
        }
        state = .closed
        _ = withEmptyErrorQueue { unsafe SSL_shutdown(connection) }
        ERR_clear_error()
    }

    /// The URIs among the alternative names of the peer's certificate, which was verified; Stator's identities.
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

    private static let closedError = TLSError(.closed, "this side has closed the TLS connection")
    private static let answersNotTaken = TLSError(
        .handshakeFailed, "the peer makes TLS answer it and does not take the answers")
    private static let certificateMissing = TLSError(
        .certificateRejected, "the peer has shown no certificate; one is required")

    /// What must hold of every connection, whatever OpenSSL's own rules are.
    private mutating func checkAgreement() throws(TLSError) {
        var selected: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        unsafe SSL_get0_alpn_selected(connection, &selected, &length)
        let name = unsafe UnsafeBufferPointer(start: selected, count: Int(length))
        let error: TLSError? =
            if unsafe !name.elementsEqual(TLSContext.applicationProtocol.utf8) {
                TLSContext.applicationProtocolMissing
            } else if unsafe SSL_get0_peer_certificate(connection) == nil {
                TLSEngine.certificateMissing
            } else if unsafe SSL_get_verify_result(connection) != X509_V_OK {
                TLSError(.certificateRejected, "the peer's certificate was not verified")
            } else {
                nil
            }
        if let error {
            _ = unsafe SSL_shutdown(connection)
            ERR_clear_error()
            state = .failed(error)
            throw error
        }
    }

    private mutating func fail() -> TLSError {
        let failure = OpenSSLFailure()
        let error = verification.failure ?? failure.tlsError()
        state = .failed(error)
        return error
    }
}
