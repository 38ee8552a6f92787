/// What protoc hands over with `--stator_opt`.
package struct PluginParameters: Hashable {
    package enum Mode: String {
        /// Swift types and stubs.
        case swift
        /// protobuf-c's C code, made by protoc-gen-c, as a module.
        case c
        /// A package of Python.
        case python
        /// `fingerprints.txt`.
        case fingerprints
        /// What a frozen release has beside its protos.
        case release
    }

    package var mode = Mode.swift
    /// The module of the C code.
    package var cModule = ""
    /// The name of the generated manifest's type; none is generated without one.
    package var manifestName: String?
    /// Further modules for the Swift text to import, whose messages the protos refer to.
    package var imports: [String] = []
    /// The folder of the frozen releases, against which the protos are checked.
    package var releasesFolder: String?
    /// The name of the release to freeze.
    package var release = ""
    /// The service version that the protos are made for; nil: the one after the newest frozen release's.
    package var serviceVersion: UInt32?

    private static let names =
        "mode, c_module, manifest, import, releases, release or service_version"

    /// Reads `mode=…,c_module=NAME,manifest=NAME,import=NAME,releases=FOLDER,release=NAME,service_version=NUMBER`.
    package init(_ text: String) throws(Problems) {
        for pair in text.split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            try read(parts.first ?? "", parts.count == 2 ? parts[1] : "", pair: String(pair))
        }
        switch mode {
        case .swift, .c:
            guard !cModule.isEmpty else {
                throw Self.problem("No module is named for the C code.", fix: "add --stator_opt=c_module=NAME.")
            }
        case .release:
            guard !release.isEmpty, serviceVersion != nil else {
                throw Self.problem(
                    "No release is named, or not its service version.",
                    fix: "add --stator_opt=release=NAME,service_version=NUMBER.")
            }
        case .python, .fingerprints:
            break
        }
    }

    private mutating func read(_ name: String, _ value: String, pair: String) throws(Problems) {
        switch name {
        case "mode":
            guard let mode = Mode(rawValue: value) else {
                throw Self.problem(
                    "The mode \"\(value)\" is not known.",
                    fix: "use mode=swift, mode=c, mode=python, mode=fingerprints or mode=release.")
            }
            self.mode = mode
        case "c_module": cModule = value
        case "manifest": manifestName = value
        case "import": imports.append(value)
        case "releases": releasesFolder = value
        case "release": release = value
        case "service_version":
            guard let version = UInt32(value), version > 0, version < .max else {
                throw Self.problem("The service version \"\(value)\" is no number.", fix: "write it like 1.")
            }
            serviceVersion = version
        default:
            throw Self.problem("The option \"\(pair)\" is not known.", fix: "use \(Self.names).")
        }
    }

    private static func problem(_ sentence: String, fix: String) -> Problems {
        Problems([Problem(file: "--stator_opt", line: nil, sentence: sentence, fix: fix)])
    }
}
