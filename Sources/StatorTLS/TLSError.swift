/// Why TLS did not work, in a sentence that an operator can act on.
public struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case fileUnreadable, keyExposed, keyMismatch, invalidCertificate, invalidRevocationList
            case handshakeFailed, certificateRejected, refusedByPeer, protocolMismatch
            case closed, misuse, outOfMemory
        }

        private let value: Value

        /// A certificate or key file cannot be opened, or does not hold what it should.
        public static let fileUnreadable = Code(value: .fileUnreadable)
        /// The private key's file is open to others than its owner.
        public static let keyExposed = Code(value: .keyExposed)
        /// The private key is not that of the certificate.
        public static let keyMismatch = Code(value: .keyMismatch)
        /// A certificate says something that cannot be used.
        public static let invalidCertificate = Code(value: .invalidCertificate)
        /// A revocation list has expired, or is not the authority's own.
        public static let invalidRevocationList = Code(value: .invalidRevocationList)
        /// The peer did not follow TLS 1.3, or what it sent was damaged.
        public static let handshakeFailed = Code(value: .handshakeFailed)
        /// This side refuses the peer's certificate.
        public static let certificateRejected = Code(value: .certificateRejected)
        /// The peer ended the connection with an alert; often it refuses this side's certificate.
        public static let refusedByPeer = Code(value: .refusedByPeer)
        /// The peer does not speak `stator/1`, or not TLS 1.3.
        public static let protocolMismatch = Code(value: .protocolMismatch)
        /// This side has closed the connection already.
        public static let closed = Code(value: .closed)
        /// A call that the engine's state does not allow; a mistake in this process.
        public static let misuse = Code(value: .misuse)
        public static let outOfMemory = Code(value: .outOfMemory)

        public var description: String { value.rawValue }
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
