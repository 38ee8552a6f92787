/// What protoc hands over with `--stator_opt`.
package struct PluginParameters: Hashable {
    package enum Mode: String {
        /// Swift types and stubs.
        case swift
        /// protobuf-c's C code, made by protoc-gen-c, as a module.
        case c
    }

    package var mode = Mode.swift
    /// The module of the C code.
    package var cModule = ""
    /// The name of the generated manifest's type; none is generated without one.
    package var manifestName: String?
    /// Further modules for the Swift text to import, whose messages the protos refer to.
    package var imports: [String] = []

    /// Reads `mode=swift|c,c_module=NAME,manifest=NAME,import=NAME`.
    package init(_ text: String) throws(Problems) {
        for pair in text.split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            let value = parts.count == 2 ? parts[1] : ""
            switch parts.first {
            case "mode":
                guard let mode = Mode(rawValue: value) else {
                    throw Self.problem("The mode \"\(value)\" is not known.", fix: "use mode=swift or mode=c.")
                }
                self.mode = mode
            case "c_module": cModule = value
            case "manifest": manifestName = value
            case "import": imports.append(value)
            default:
                throw Self.problem(
                    "The option \"\(pair)\" is not known.", fix: "use mode, c_module, manifest or import.")
            }
        }
        guard !cModule.isEmpty else {
            throw Self.problem("No module is named for the C code.", fix: "add --stator_opt=c_module=NAME.")
        }
    }

    private static func problem(_ sentence: String, fix: String) -> Problems {
        Problems([Problem(file: "--stator_opt", line: nil, sentence: sentence, fix: fix)])
    }
}
