internal import StatorWire

/// What kind of party a certificate names.
public enum CallerClass: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    case compute
    case conductor
    case api
    case `operator`
    case user

    public var description: String { rawValue }
}

/// Who somebody is, as its certificate says: `stator://<deployment>/<class>/<name>`.
public struct Identity: Hashable, Sendable, CustomStringConvertible {
    /// Of each part, in bytes.
    private static let partLengthMax = 255

    public let deployment: String
    public let callerClass: CallerClass
    public let name: String

    /// Reads the URI of a certificate; throws UNAUTHENTICATED when it is not of that form.
    ///
    /// Deployment and name are 1 to 255 letters, digits, dots, hyphens or underscores.
    public init(uri: String) throws(RPCError) {
        let prefix = "stator://"
        let shown = printable(uri.utf8Prefix(Self.partLengthMax))
        guard uri.hasPrefix(prefix) else {
            throw RPCError(.unauthenticated, "'\(shown)' is not of the form stator://<deployment>/<class>/<name>")
        }
        let parts = uri.dropFirst(prefix.count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, Self.isPart(parts[0]), Self.isPart(parts[2]) else {
            throw RPCError(.unauthenticated, "'\(shown)' is not of the form stator://<deployment>/<class>/<name>")
        }
        guard let callerClass = CallerClass(rawValue: String(parts[1])) else {
            throw RPCError(.unauthenticated, "'\(shown)' names no class that is known here")
        }
        deployment = String(parts[0])
        self.callerClass = callerClass
        name = String(parts[2])
    }

    /// The identity in a certificate's URIs: exactly one of them must be a `stator://` one.
    ///
    /// - Parameter whose: Begins the sentence of the error, for example `the peer's certificate`.
    init(uris: [String], of whose: String) throws(RPCError) {
        let candidates = uris.filter { $0.hasPrefix("stator://") }
        guard let uri = candidates.first, candidates.count == 1 else {
            let found = candidates.isEmpty ? "no" : "more than one"
            throw RPCError(
                .unauthenticated,
                "\(whose) has \(found) stator://<deployment>/<class>/<name> URI among its subject alternative names")
        }
        do {
            try self.init(uri: uri)
        } catch {
            throw RPCError(.unauthenticated, "\(whose) is not usable: \(error.message)")
        }
    }

    /// The URI.
    public var description: String { "stator://\(deployment)/\(callerClass.rawValue)/\(name)" }

    private static func isPart(_ text: Substring) -> Bool {
        (1...partLengthMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
