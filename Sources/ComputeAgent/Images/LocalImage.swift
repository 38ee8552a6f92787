package import ComputeMessages
package import StatorObjects

/// An image in the host's image directory whose files were checked against its checksum.
package struct LocalImage: Equatable, Sendable {
    package struct Disk: Equatable, Sendable {
        package var path: String
        /// As QEMU calls it: "qcow2" or "raw".
        package var format: String

        package init(path: String, format: String) {
            self.path = path
            self.format = format
        }
    }

    /// How a guest starts from it.
    package enum Boot: Equatable, Sendable {
        case kernel(path: String, initrd: String?, commandLine: String)
        case disk
    }

    package var id: ObjectID
    package var name: String
    package var checksum: [UInt8]
    package var minMemoryMb: UInt32
    package var minRootGb: UInt32
    package var sizeBytes: UInt64
    package var boot: Boot
    package var disk: Disk?

    package init(
        id: ObjectID, name: String, checksum: [UInt8], minMemoryMb: UInt32 = 0, minRootGb: UInt32 = 0,
        sizeBytes: UInt64 = 0, boot: Boot, disk: Disk? = nil
    ) {
        self.id = id
        self.name = name
        self.checksum = checksum
        self.minMemoryMb = minMemoryMb
        self.minRootGb = minRootGb
        self.sizeBytes = sizeBytes
        self.boot = boot
        self.disk = disk
    }

    /// The image as the host registers it.
    package var object: Image {
        var image = Image()
        image.uuid = id
        image.name = name
        image.checksum = checksum
        image.bootMethod = boot == .disk ? .disk : .kernel
        image.minMemoryMb = minMemoryMb
        image.minRootGb = minRootGb
        image.sizeBytes = sizeBytes
        return image
    }
}
