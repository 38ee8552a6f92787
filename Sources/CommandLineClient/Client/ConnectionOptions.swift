package import ArgumentParser
package import CommandOptions
package import StatorTLS

/// Where the API is, who the user is, and how long the command may take.
package struct ConnectionOptions: ParsableArguments, Sendable {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The API; given several times, whichever answers is used. Default: $STATOR_API (separated by commas).",
            valueName: "host:port"))
    package var api: [AddressArgument] = []

    @OptionGroup package var tls: TLSOptions

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How long the command may take, 1 to 86400. Default: 30, and 600 with --wait.", valueName: "seconds"))
    package var timeout: Int?

    package init() {}

    package func validate() throws {
        if let timeout, !(1...86_400).contains(timeout) {
            throw ValidationError("--timeout takes 1 to 86400 seconds")
        }
    }

    /// What a connection needs; a `ValidationError` says what is missing.
    func settings(waits: Bool) throws -> ConnectionSettings {
        var addresses = api
        if addresses.isEmpty, let value = environmentValue("STATOR_API") {
            for text in value.split(separator: ",") {
                guard let address = AddressArgument(argument: String(text)) else {
                    throw ValidationError("STATOR_API holds '\(text)', which is not of the form HOST:PORT")
                }
                addresses.append(address)
            }
        }
        guard !addresses.isEmpty else {
            throw ValidationError("no API was named; give --api HOST:PORT or set STATOR_API")
        }
        return ConnectionSettings(
            addresses: addresses.map(\.text), tls: try tls.configuration(),
            timeout: .seconds(timeout ?? (waits ? 600 : 30)))
    }
}

/// A connection's parameters, complete and checked.
package struct ConnectionSettings: Sendable {
    package var addresses: [String]
    package var tls: TLSConfiguration
    /// For the whole command.
    package var timeout: Duration
}
