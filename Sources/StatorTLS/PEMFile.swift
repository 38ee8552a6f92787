internal import COpenSSL
internal import Glibc

/// A file with certificates or a private key, read in one go.
struct PEMFile {
    let path: String
    /// What the file is to hold, for sentences: "certificate", "private key".
    let subject: String
    private var bytes: [UInt8] = []

    private static let lengthMax = 1 << 20

    /// With `isSecret`, a file that others may open is refused.
    init(path: String, subject: String, isSecret: Bool = false) throws(TLSError) {
        self.path = path
        self.subject = subject
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw unreadable(unsafe String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw unreadable("it is not a regular file")
        }
        let secrecy = FileSecrecy(owner: status.st_uid, mode: status.st_mode, user: geteuid())
        if isSecret, let objection = secrecy.objection(path: path) {
            throw TLSError(.keyExposed, "the \(subject) file \(path) \(objection)")
        }
        guard status.st_size <= PEMFile.lengthMax else {
            throw unreadable("it is longer than \(PEMFile.lengthMax) bytes")
        }
        try readAll(descriptor, expected: Int(status.st_size))
    }

    private mutating func readAll(_ descriptor: CInt, expected: Int) throws(TLSError) {
        var error: CInt = 0
        bytes = unsafe [UInt8](unsafeUninitializedCapacity: expected) { buffer, filled in
            var count = 1
            while count != 0 && filled < buffer.count {
                let rest = unsafe UnsafeMutableBufferPointer(rebasing: buffer[filled...])
                count = unsafe Glibc.read(descriptor, rest.baseAddress, rest.count)
                if count > 0 {
                    filled += count
                } else if count < 0 && errno != EINTR {
                    error = errno
                    count = 0
                }
            }
        }
        if error != 0 {
            throw unreadable(unsafe String(cString: strerror(error)))
        }
    }

    func unreadable(_ reason: String) -> TLSError {
        TLSError(.fileUnreadable, "cannot read the \(subject) file \(path): \(reason)")
    }

    /// All certificates in the file, in their order; at least one.
    func certificates() throws(TLSError) -> [Certificate] {
        try unsafe all("certificate") { reader in
            unsafe PEM_read_bio_X509(reader, nil, nil, nil).map { unsafe Certificate(owning: $0) }
        }
    }

    /// All revocation lists in the file, in their order; at least one.
    func revocationLists() throws(TLSError) -> [RevocationList] {
        try unsafe all("revocation list") { reader in
            unsafe PEM_read_bio_X509_CRL(reader, nil, nil, nil).map { unsafe RevocationList(owning: $0) }
        }
    }

    private func all<Object>(_ kind: String, read: (OpaquePointer) -> Object?) throws(TLSError) -> [Object] {
        var objects: [Object] = []
        unsafe withReader { reader in
            while let object = withEmptyErrorQueue({ unsafe read(reader) }) {
                objects.append(object)
            }
        }
        // The end of the file is an error like any other, but the only one after which nothing is missing.
        let last = ERR_peek_last_error()
        let isEnd = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE
        let failure = OpenSSLFailure()
        guard isEnd else {
            throw unreadable("a \(kind) in it is damaged (\(failure.reason))")
        }
        guard !objects.isEmpty else {
            throw unreadable("it holds no \(kind)")
        }
        return objects
    }

    /// The private key in the file; keys under a passphrase are refused rather than asked for on the terminal.
    func privateKey() throws(TLSError) -> PrivateKey {
        var key: PrivateKey?
        unsafe withReader { reader in
            let pointer = unsafe withEmptyErrorQueue {
                unsafe PEM_read_bio_PrivateKey(reader, nil, { _, _, _, _ in 0 }, nil)
            }
            if let pointer = unsafe pointer {
                key = unsafe PrivateKey(owning: pointer)
            }
        }
        guard let key else {
            let failure = OpenSSLFailure()
            throw unreadable("it holds no private key without a passphrase (\(failure.reason))")
        }
        return key
    }

    /// Overwrites the bytes; for private keys, after their last use.
    mutating func erase() {
        unsafe bytes.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
    }

    private func withReader(_ body: (OpaquePointer) -> Void) {
        unsafe bytes.withUnsafeBytes { buffer in
            // Reads the bytes in place; nil only without memory, and then the file seems empty.
            if let reader = unsafe BIO_new_mem_buf(buffer.baseAddress, CInt(buffer.count)) {
                unsafe body(reader)
                unsafe BIO_free(reader)
            }
        }
    }
}

/// Owns a private key.
@safe final class PrivateKey {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = pointer
    }

    deinit {
        unsafe EVP_PKEY_free(pointer)
    }
}
