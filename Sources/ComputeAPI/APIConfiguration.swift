package import StatorRPC
package import StatorReactor
package import StatorTLS

/// What one `stator-api` is told when it starts.
package struct APIConfiguration: Sendable {
    /// Where users reach it; port 0: any.
    package var listenAddress: SocketAddress
    /// The conductors, as host:port; one of them is used at a time.
    package var conductors: [String]
    package var tls: TLSConfiguration

    package init(listenAddress: SocketAddress, conductors: [String], tls: TLSConfiguration) {
        self.listenAddress = listenAddress
        self.conductors = conductors
        self.tls = tls
    }

    /// Who this API is: its certificate's only URI name, which must be of class `api`.
    package func identity() throws -> Identity {
        let path = tls.certificateChainPath
        let names = try CertificateInformation.read(pemFile: path).uris.filter { $0.hasPrefix("stator://") }
        guard let name = names.first, names.count == 1 else {
            throw APIStartupError(
                "the certificate '\(path)' has no URI name stator://DEPLOYMENT/api/NAME; an API needs one")
        }
        let identity = try Identity(uri: name)
        guard identity.callerClass == .api else {
            throw APIStartupError(
                "the certificate '\(path)' is of class \(identity.callerClass.rawValue); an API needs one of class api")
        }
        return identity
    }
}

/// Why an API does not start, in a sentence.
package struct APIStartupError: Error, Hashable, CustomStringConvertible {
    package let message: String

    init(_ message: String) {
        self.message = message
    }

    package var description: String { message }
}
