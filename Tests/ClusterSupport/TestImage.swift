internal import Foundation
internal import StatorTLS
package import TestSupport

/// Images for hosts: one of some bytes for fake guests, and one that boots.
package enum TestImage {
    package static let name = "tiny-linux"

    /// Writes an image that nothing can boot, and returns the image directory.
    package static func writeSmall(in directory: TemporaryDirectory) throws -> String {
        let folder = directory.url.appendingPathComponent("images/\(name)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var entries = ""
        for (key, file) in [("kernel", "vmlinuz"), ("initrd", "initrd.img")] {
            try Data(key.utf8).write(to: folder.appendingPathComponent(file))
            entries += "\(key)\n\(digest(key))\n"
        }
        let description = """
            {"uuid": "11111111-2222-4333-8444-555555555555", "name": "\(name)", "boot_method": "kernel",
             "kernel": "vmlinuz", "initrd": "initrd.img", "checksum": "\(digest(entries))"}
            """
        try Data(description.utf8).write(to: folder.appendingPathComponent("image.json"))
        return directory.file("images")
    }

    /// The guest image of the development cluster, made if it isn't there; returns the image directory.
    package static func bootable() async throws -> String {
        let repository = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let images = repository.appendingPathComponent(".stator/images").path
        let script = repository.appendingPathComponent("Sources/Scripts/build-guest-image.sh").path
        let result = try await ChildProcess.run(script, [images], timeout: .seconds(300))
        guard result.exit == .status(0) else { throw TestSupportError("no guest image: \(result.errorOutput)") }
        return images
    }

    private static func digest(_ text: String) -> String {
        Array(text.utf8).withUnsafeBytes { sha256($0) }.map { String(format: "%02x", $0) }.joined()
    }
}
