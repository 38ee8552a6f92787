/// The files that a frozen release has beside its protos.
package struct ReleaseText {
    package let release: String
    package let serviceVersion: UInt32
    package let contract: Contract
    package let imported: Contract

    package init(release: String, serviceVersion: UInt32, contract: Contract, imported: Contract = Contract()) {
        self.release = release
        self.serviceVersion = serviceVersion
        self.contract = contract
        self.imported = imported
    }

    package var files: [GeneratedFile] {
        [
            GeneratedFile(name: "fingerprints.txt", content: FingerprintsText(of: contract, imported: imported).text),
            GeneratedFile(name: "manifest.txt", content: manifest),
            GeneratedFile(name: "methods.txt", content: methods),
            GeneratedFile(
                name: "release.txt", content: "release \(release)\nservice_version \(serviceVersion)\n"),
        ]
    }

    /// As a manifest's canonical form has it: `name version`, sorted by name.
    private var manifest: String {
        contract.versionedObjects.map { "\($0.name) \($0.version)\n" }.joined()
    }

    /// `service/method since`, and `until` where the method has an end.
    private var methods: String {
        let lines = contract.files.flatMap(\.services).flatMap { service in
            service.methods.map { method in
                "\(service.fullName)/\(method.name) \(method.since)" + (method.until.map { " \($0)" } ?? "") + "\n"
            }
        }
        return lines.sorted().joined()
    }
}

extension Contract {
    /// The messages that have a version, by name.
    var versionedObjects: [(name: String, version: Version)] {
        files.flatMap(\.messages)
            .compactMap { message in message.version.map { (name: message.fullName, version: $0) } }
            .sorted { $0.name < $1.name }
    }
}
