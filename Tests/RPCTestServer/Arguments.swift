import StatorTLS

struct ArgumentError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// A command, then pairs of `--name value`.
struct Arguments {
    let command: String
    private var values: [String: String] = [:]

    init(_ words: ArraySlice<String>) {
        command = words.first ?? ""
        var rest = words.dropFirst()
        while let name = rest.popFirst(), let value = rest.popFirst() {
            values[name] = value
        }
    }

    subscript(name: String) -> String? { values["--\(name)"] }

    func text(_ name: String) throws -> String {
        guard let value = self[name] else { throw ArgumentError("--\(name) is missing") }
        return value
    }

    func int(_ name: String, _ standard: Int) -> Int { self[name].flatMap(Int.init) ?? standard }

    func milliseconds(_ name: String, _ standard: Int) -> Duration { .milliseconds(int(name, standard)) }

    func tls() throws -> TLSConfiguration {
        TLSConfiguration(
            certificateChainPath: try text("certificate"), privateKeyPath: try text("key"),
            trustRootsPath: try text("trust"), revocationListPath: self["revoked"])
    }
}
