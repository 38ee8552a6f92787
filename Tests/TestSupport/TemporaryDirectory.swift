package import Foundation

/// A directory of its own under the system's temporary directory, removed with everything in it at the end of its life.
package final class TemporaryDirectory: Sendable {
    package let url: URL

    package var path: String {
        url.path
    }

    /// Readable by its owner only. The path is short: unix sockets go in here.
    package init() throws {
        let name = "stator-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        url = FileManager.default.temporaryDirectory.appendingPathComponent(name, isDirectory: true)
        try FileManager.default.createDirectory(
            at: url, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    /// The path of a file in it, which need not exist.
    package func file(_ name: String) -> String {
        url.appendingPathComponent(name).path
    }

    /// Writes a file into it, and returns its path.
    @discardableResult
    package func write(_ text: String, to name: String) throws -> String {
        let path = file(name)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }
}
