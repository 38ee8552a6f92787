import ComputeAgent
import ComputeMessages
import Foundation
import StatorObjects
import TestSupport

/// An image folder with a few bytes for a kernel.
enum TestImage {
    struct Written {
        var id: ObjectID
        var checksum: [UInt8]

        var object: Image {
            var image = Image()
            image.uuid = id
            image.name = "tiny"
            image.checksum = checksum
            image.bootMethod = .kernel
            return image
        }
    }

    @discardableResult
    static func write(to directory: TemporaryDirectory) throws -> Written {
        try FileManager.default.createDirectory(
            atPath: directory.file("tiny"), withIntermediateDirectories: true)
        try directory.write("a kernel", to: "tiny/vmlinuz")
        var checksum = ImageChecksum()
        checksum.add("kernel", digest: ImageChecksum.digest(of: Array("a kernel".utf8)))
        checksum.add("cmdline", digest: ImageChecksum.digest(of: Array("console=ttyS0".utf8)))
        let id = ObjectID.random()
        try directory.write(
            """
            {"uuid": "\(id)", "name": "tiny", "boot_method": "kernel", "min_memory_mb": 64, "min_root_gb": 0,
             "kernel": "vmlinuz", "cmdline": "console=ttyS0",
             "checksum": "\(ImageChecksum.hexadecimal(checksum.value))"}
            """, to: "tiny/image.json")
        return Written(id: id, checksum: checksum.value)
    }
}
