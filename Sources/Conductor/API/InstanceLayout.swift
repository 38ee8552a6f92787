package import ComputeMessages
internal import StatorObjects

/// The virtual hardware that a new instance gets from its flavor and image.
package struct InstanceLayout {
    static let networkModel = "virtio-net-pci"
    static let rootDeviceName = "vda"

    package let networkInterfaces: [NetworkInterface]
    package let blockDevices: [BlockDevice]

    package init(flavor: Flavor, image: Image) {
        var generator = SystemRandomNumberGenerator()
        self.init(flavor: flavor, image: image, using: &generator)
    }

    package init(flavor: Flavor, image: Image, using generator: inout some RandomNumberGenerator) {
        var interface = NetworkInterface()
        interface.uuid = .random(using: &generator)
        interface.macAddress = Self.macAddress(using: &generator)
        interface.model = Self.networkModel
        networkInterfaces = [interface]

        var device = BlockDevice()
        device.uuid = .random(using: &generator)
        device.deviceName = Self.rootDeviceName
        device.sizeGb = max(flavor.rootGb ?? 0, image.minRootGb ?? 0)
        // With a kernel of its own the disk is data, and the firmware never looks at it.
        device.bootIndex = image.bootMethod == .disk ? 0 : nil
        device.imageUuid = image.uuid
        blockDevices = [device]
    }

    /// In the range that QEMU uses, 52:54:00, with three random octets.
    private static func macAddress(using generator: inout some RandomNumberGenerator) -> String {
        let digits = (0..<3).map { _ in
            let octet = String(UInt8.random(in: .min ... .max, using: &generator), radix: 16)
            return octet.count == 1 ? "0" + octet : octet
        }
        return "52:54:00:" + digits.joined(separator: ":")
    }

    /// Refuses a flavor that is smaller than the image needs.
    package static func check(_ flavor: Flavor, fits image: Image) throws(ConductorError) {
        let names = "flavor '\(flavor.name ?? "")' is too small for image '\(image.name ?? "")'"
        if let needed = image.minMemoryMb, (flavor.memoryMb ?? 0) < needed {
            throw ConductorError(.invalid, "\(names): it has \(flavor.memoryMb ?? 0) MB of memory, not \(needed) MB")
        }
        if let needed = image.minRootGb, (flavor.rootGb ?? 0) < needed {
            throw ConductorError(.invalid, "\(names): it has \(flavor.rootGb ?? 0) GB of disk, not \(needed) GB")
        }
    }
}
