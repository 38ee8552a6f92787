internal import Foundation
internal import TestSupport

/// The executables of one release: `stator`, `stator-api`, `stator-conductor` and `stator-compute`.
package struct Programs: Hashable, Sendable, CustomStringConvertible {
    /// How it is called in reports.
    package let description: String
    /// Nil: as built beside the running tests.
    private let folder: String?

    /// Those of the work tree.
    package static let built = Programs(description: "new", folder: nil)

    package init(description: String, folder: String?) {
        self.description = description
        self.folder = folder
    }

    /// The path of one of them.
    package func path(of name: String) throws -> String {
        guard let folder else { return try ChildProcess.builtExecutable(name) }
        let path = "\(folder)/\(name)"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw TestSupportError("no executable \(path) of the \(description) release; is it built?")
        }
        return path
    }
}
