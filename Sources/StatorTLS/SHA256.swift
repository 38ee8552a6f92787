internal import COpenSSL

/// The SHA-256 digest of the bytes; 32 bytes.
public func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var hash = SHA256()
    unsafe hash.update(bytes)
    return hash.finalize()
}

/// A SHA-256 digest that is computed piece by piece.
@safe public struct SHA256: ~Copyable {
    public static let byteCount = Int(SHA256_DIGEST_LENGTH)

    private let context: OpaquePointer

    public init() {
        guard let context = unsafe EVP_MD_CTX_new(), unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("OpenSSL has no memory for SHA-256, or lacks it")
        }
        unsafe self.context = context
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
    }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let result = unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(result == 1, "OpenSSL cannot go on with SHA-256")
    }

    /// Ends the computation and returns the digest's 32 bytes.
    public consuming func finalize() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { buffer, count in
            let result = unsafe EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
            precondition(result == 1, "OpenSSL cannot complete SHA-256")
            count = SHA256.byteCount
        }
    }
}
