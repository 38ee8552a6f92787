/// A release whose contract is fixed: what it declares is what its processes say, as long as any of them runs.
package struct FrozenRelease {
    /// For example `0.1`.
    package var name: String
    package var serviceVersion: UInt32
    /// The folder with its protos, as problems name it.
    package var folder: String
    package var contract: Contract

    package init(name: String, serviceVersion: UInt32, folder: String, contract: Contract) {
        self.name = name
        self.serviceVersion = serviceVersion
        self.folder = folder
        self.contract = contract
    }

    /// Whether processes of that service version work together with the release's.
    package func isSupported(by serviceVersion: UInt32) -> Bool {
        self.serviceVersion + 1 >= serviceVersion
    }
}

/// What `release.txt` says.
struct ReleaseRecord {
    let name: String
    let serviceVersion: UInt32

    /// - Parameter file: As problems name it.
    init(_ text: String, file: String) throws(Problems) {
        var values: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            if words.count == 2 { values[words[0]] = words[1] }
        }
        // The greatest number is left out, so that there is always a next one.
        guard let name = values["release"], let version = values["service_version"].flatMap(UInt32.init),
            version < .max
        else {
            throw Problems([
                Problem(
                    file: file, line: nil, sentence: "The file does not name a release and its service version.",
                    fix: "write `release 0.1` and `service_version 1`, each on a line of its own.")
            ])
        }
        self.name = name
        self.serviceVersion = version
    }
}
