extension SwiftText {
    /// The type that names the versioned objects, and what each frozen release understands.
    mutating func manifest(named name: String, of contract: Contract, releases: [FrozenRelease]?) {
        documentation("Which versioned objects this build understands, each up to which version.")
        block("public enum \(name)") { text in
            text.manifest("public static let current = ", of: contract)
            guard let releases else { return }
            text.blank()
            text.documentation("What each frozen release understands, in the order of their service versions.")
            text.releases(releases)
        }
    }

    private mutating func releases(_ releases: [FrozenRelease]) {
        let head = "public static let releases: [(release: String, serviceVersion: UInt32, manifest: Manifest)] = ["
        guard !releases.isEmpty else {
            line(head + "]")
            return
        }
        line(head)
        indented { text in
            let comma = releases.count > 1 ? "," : ""
            for release in releases {
                text.line("(")
                text.indented { text in
                    text.line("release: \"\(release.name)\", serviceVersion: \(release.serviceVersion),")
                    text.manifest("manifest: ", of: release.contract)
                }
                text.line(")" + comma)
            }
        }
        line("]")
    }

    private mutating func manifest(_ head: String, of contract: Contract) {
        let objects = contract.versionedObjects
        guard !objects.isEmpty else {
            line(head + "Manifest([:])")
            return
        }
        line(head + "Manifest([")
        indented { text in
            let comma = objects.count > 1 ? "," : ""
            for object in objects { text.line("\"\(object.name)\": \(object.version.swift)" + comma) }
        }
        line("])")
    }
}
