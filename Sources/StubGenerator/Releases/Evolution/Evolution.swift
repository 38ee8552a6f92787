/// What a contract may not do to the frozen releases before it.
///
/// Processes of neighbouring releases work together in any mix, so what a supported release declares must keep its
/// meaning, and what is new must say since when it exists.
package struct Evolution {
    let current: ContractIndex
    /// The newest first.
    let releases: [Release]
    /// The service version that the contract is made for.
    package let serviceVersion: UInt32
    package private(set) var problems: [Problem] = []
    /// Those that have no place in the contract.
    private var problemsOfReleases: [Problem] = []

    /// A frozen release with its declarations at hand.
    struct Release {
        let frozen: FrozenRelease
        let index: ContractIndex
        let isSupported: Bool

        var name: String { frozen.name }
    }

    /// Compares and collects the problems, in the order of their places, those of the contract first.
    ///
    /// - Parameters:
    ///   - imported: What the contract's files import and is generated elsewhere.
    ///   - serviceVersion: Absent or too low: the one after the newest release's.
    package init(
        of contract: Contract, imported: Contract = Contract(), after frozen: [FrozenRelease],
        serviceVersion: UInt32? = nil
    ) {
        let next = (frozen.map(\.serviceVersion).max() ?? 0) + 1
        let serviceVersion = max(next, serviceVersion ?? next)
        self.serviceVersion = serviceVersion
        current = ContractIndex(contract, imported: imported)
        releases = frozen.sorted { ($0.serviceVersion, $0.name) > ($1.serviceVersion, $1.name) }.map { release in
            Release(
                frozen: release, index: ContractIndex(release.contract),
                isSupported: release.isSupported(by: serviceVersion))
        }
        guard !releases.isEmpty else { return }
        // What is imported is compared where it is generated.
        for enumeration in contract.files.flatMap(\.enums) { compare(enumeration) }
        for message in contract.files.flatMap(\.messages) { compare(message) }
        for service in contract.files.flatMap(\.services) {
            for method in service.methods { compare(method, named: "\(service.fullName)/\(method.name)") }
        }
        findRemovedMethods()
        findRemovedMessages()
        problems = Self.sorted(problems) + Self.sorted(problemsOfReleases)
    }

    private static func sorted(_ problems: [Problem]) -> [Problem] {
        problems.sorted { ($0.file, $0.line ?? 0, $0.sentence) < ($1.file, $1.line ?? 0, $1.sentence) }
    }

    /// The newest release that has it, and what it has.
    func newest<Declaration>(
        _ declarations: KeyPath<ContractIndex, [String: Declaration]>, _ name: String
    ) -> (release: Release, declaration: Declaration)? {
        for release in releases {
            if let declaration = release.index[keyPath: declarations][name] { return (release, declaration) }
        }
        return nil
    }

    mutating func report(_ place: Place, _ sentence: String, fix: String) {
        problems.append(Problem(file: place.file, line: place.line, sentence: sentence, fix: fix))
    }

    /// At the frozen declaration, for want of one in the contract.
    mutating func report(_ place: Place, of release: Release, _ sentence: String, fix: String) {
        let file = "\(release.frozen.folder)/\(place.file)"
        problemsOfReleases.append(Problem(file: file, line: place.line, sentence: sentence, fix: fix))
    }
}

extension MessageModel {
    /// The version of the next change: the declared one if that is newer than the frozen one.
    func nextVersion(after frozen: Version) -> Version {
        guard let version, version > frozen else { return Version(frozen.major, frozen.minor &+ 1) }
        return version
    }
}
