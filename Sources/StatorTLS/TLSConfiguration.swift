/// Where one side's certificates are; PEM files.
public struct TLSConfiguration: Hashable, Sendable {
    /// This side's certificate, followed by the intermediate authorities, if any.
    public var certificateChainPath: String
    /// Its private key, readable by its owner only, without a passphrase.
    public var privateKeyPath: String
    /// The certificate authorities that are trusted to sign peers; no others are.
    public var trustRootsPath: String
    /// The authorities' revocation lists; nil: nothing is revoked.
    ///
    /// With a file, the authority that signed a peer must have a list in it, valid at that time, and the peer must not be
    /// on it. When each authority of `trustRootsPath` has one, authorities between them and the peer are held to the same.
    public var revocationListPath: String?

    public init(
        certificateChainPath: String, privateKeyPath: String, trustRootsPath: String, revocationListPath: String? = nil
    ) {
        self.certificateChainPath = certificateChainPath
        self.privateKeyPath = privateKeyPath
        self.trustRootsPath = trustRootsPath
        self.revocationListPath = revocationListPath
    }
}

public enum TLSRole: Hashable, Sendable {
    /// The side that dials.
    case client
    case server
}
