/// The text of `fingerprints.txt`: a line for each object, with its version and the hash of its canonical form, and for
/// each method, with the service version that first serves it.
package struct FingerprintsText {
    package let lines: [String]

    package var text: String { lines.map { $0 + "\n" }.joined() }

    package init(of contract: Contract, imported: Contract = Contract()) {
        let index = ContractIndex(contract, imported: imported)
        let messages = contract.files.flatMap(\.messages).sorted { $0.fullName < $1.fullName }.map { message in
            let fingerprint = CanonicalForm(of: message, in: index).fingerprint
            return message.version.map { "object \(message.fullName) \($0) \(fingerprint)" }
                ?? "message \(message.fullName) \(fingerprint)"
        }
        let services = contract.files.flatMap(\.services).sorted { $0.fullName < $1.fullName }
        let methods = services.flatMap { service in
            service.methods.sorted { $0.name < $1.name }.map { method in
                let fingerprint = CanonicalForm(of: method, in: service).fingerprint
                return "method \(service.fullName)/\(method.name) \(method.since) \(fingerprint)"
            }
        }
        lines = messages + methods
    }
}
