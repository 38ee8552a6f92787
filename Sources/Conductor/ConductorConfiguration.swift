package import StatorRPC
package import StatorTLS

/// What a conductor is told when it starts.
package struct ConductorConfiguration: Sendable {
    /// Where hosts, APIs and other conductors reach it; port 0 takes any.
    package var listenAddress: String
    /// What other conductors are told to dial; nil: the address that it listens on.
    package var advertisedAddress: String?
    package var databaseConnectionString: String
    package var databaseConnectionCount: Int
    package var tls: TLSConfiguration

    package static let databaseConnectionCountDefault = 8

    package init(
        listenAddress: String, advertisedAddress: String? = nil, databaseConnectionString: String,
        databaseConnectionCount: Int = databaseConnectionCountDefault, tls: TLSConfiguration
    ) {
        self.listenAddress = listenAddress
        self.advertisedAddress = advertisedAddress
        self.databaseConnectionString = databaseConnectionString
        self.databaseConnectionCount = databaseConnectionCount
        self.tls = tls
    }

    /// Who it is, from its certificate.
    package func identity() throws -> Identity {
        let information = try CertificateInformation.read(pemFile: tls.certificateChainPath)
        guard let uri = information.uris.first else {
            throw ConductorError(
                .invalid, "the certificate \(tls.certificateChainPath) has no stator:// name; issue one with certs/")
        }
        let identity = try Identity(uri: uri)
        guard identity.callerClass == .conductor else {
            throw ConductorError(
                .invalid,
                "the certificate \(tls.certificateChainPath) is of class '\(identity.callerClass.rawValue)'; "
                    + "a conductor needs one of class 'conductor'")
        }
        return identity
    }
}
