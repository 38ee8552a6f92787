package import ArgumentParser
internal import Glibc
package import StatorTLS

/// The files with which a process proves who it is and checks who the others are.
package struct TLSOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("PEM file of the certificate chain. Default: $STATOR_CERTIFICATE.", valueName: "file"))
    package var certificate: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "PEM file of the certificate's private key. Default: $STATOR_PRIVATE_KEY.", valueName: "file"))
    package var privateKey: String?

    @Option(
        name: .customLong("ca"),
        help: ArgumentHelp(
            "PEM file of the authority that signed the peers' certificates. Default: $STATOR_CA.", valueName: "file"))
    package var authority: String?

    @Option(
        name: .customLong("crl"),
        help: ArgumentHelp(
            "PEM file of the authority's certificate revocation list; without one, nothing is revoked. "
                + "Default: $STATOR_CRL.",
            valueName: "file"))
    package var revocationList: String?

    package init() {}

    /// The files that were named on the command line or in the environment; a `ValidationError` says which one
    /// is missing or cannot be read.
    package func configuration() throws -> TLSConfiguration {
        TLSConfiguration(
            certificateChainPath: try Self.path(
                of: "certificate", option: "--certificate", given: certificate, variable: "STATOR_CERTIFICATE"),
            privateKeyPath: try Self.path(
                of: "private key", option: "--private-key", given: privateKey, variable: "STATOR_PRIVATE_KEY"),
            trustRootsPath: try Self.path(
                of: "CA certificate", option: "--ca", given: authority, variable: "STATOR_CA"),
            revocationListPath: try Self.optionalPath(
                of: "certificate revocation list", option: "--crl", given: revocationList, variable: "STATOR_CRL"))
    }

    private static func path(
        of subject: String, option: String, given: String?, variable: String
    ) throws -> String {
        guard let path = try optionalPath(of: subject, option: option, given: given, variable: variable) else {
            throw ValidationError("no \(subject) was named; give \(option) FILE or set \(variable)")
        }
        return path
    }

    /// Nil when none was named.
    private static func optionalPath(
        of subject: String, option: String, given: String?, variable: String
    ) throws -> String? {
        guard let path = given ?? environmentValue(variable), !path.isEmpty else { return nil }
        if let reason = unreadableReason(path) {
            throw ValidationError(
                "the \(subject) '\(path)' cannot be read: \(reason); \(option) or \(variable) names it")
        }
        return path
    }
}

/// The value of a variable in this process's environment; nil also when it is empty.
package func environmentValue(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
}

/// Why a file cannot be read, e.g. "No such file or directory"; nil when it can.
package func unreadableReason(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return errorText(errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return errorText(errno) }
    return status.st_mode & S_IFMT == S_IFDIR ? errorText(EISDIR) : nil
}

/// The system's text for an error number.
private func errorText(_ number: CInt) -> String {
    var buffer = [CChar](repeating: 0, count: 128)
    guard strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
