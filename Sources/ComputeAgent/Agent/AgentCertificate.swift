internal import StatorRPC
internal import StatorTLS

/// Reads who this host is from its own certificate.
package enum AgentCertificate {
    /// The name in a host's certificate; throws when it is not a host's.
    package static func hostName(certificatePath path: String) throws(AgentError) -> String {
        let uris: [String]
        do {
            uris = try CertificateInformation.read(pemFile: path).uris
        } catch {
            throw AgentError(.identityMismatch, "\(error)")
        }
        guard let uri = uris.first(where: { $0.hasPrefix("stator://") }), let identity = try? Identity(uri: uri) else {
            throw AgentError(
                .identityMismatch, "\(path) has no stator://<deployment>/compute/<name> URI; issue a host's certificate"
            )
        }
        guard identity.callerClass == .compute else {
            throw AgentError(
                .identityMismatch,
                "\(path) is a certificate of class \(identity.callerClass), and a host's is of class compute")
        }
        return identity.name
    }
}
