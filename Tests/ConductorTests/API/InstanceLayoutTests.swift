import ComputeMessages
import Conductor
import StatorObjects
import Testing

@Suite struct InstanceLayoutTests {
    static func flavor(memory: UInt32 = 512, root: UInt32 = 10) -> Flavor {
        var flavor = Flavor()
        flavor.name = "small"
        flavor.vcpus = 1
        flavor.memoryMb = memory
        flavor.rootGb = root
        return flavor
    }

    static func image(_ boot: BootMethod) -> Image {
        var image = Image()
        image.uuid = ObjectID(high: 3, low: 4)
        image.name = "guest"
        image.bootMethod = boot
        image.minMemoryMb = 128
        image.minRootGb = 2
        return image
    }

    @Test func `an instance gets one virtio interface with a MAC address in QEMU's range`() throws {
        let layout = InstanceLayout(flavor: Self.flavor(), image: Self.image(.kernel))
        let interface = try #require(layout.networkInterfaces.first)
        #expect(layout.networkInterfaces.count == 1)
        #expect(interface.model == "virtio-net-pci")
        let address = try #require(interface.macAddress)
        #expect(address.hasPrefix("52:54:00:"))
        #expect(address.utf8.count == 17)
        try interface.validate()
    }

    @Test func `two instances get different addresses`() {
        let first = InstanceLayout(flavor: Self.flavor(), image: Self.image(.kernel))
        let second = InstanceLayout(flavor: Self.flavor(), image: Self.image(.kernel))
        #expect(first.networkInterfaces.first?.macAddress != second.networkInterfaces.first?.macAddress)
        #expect(first.networkInterfaces.first?.uuid != second.networkInterfaces.first?.uuid)
    }

    @Test func `vda has the flavor's size and is booted from when the image is a disk`() throws {
        let disk = try #require(
            InstanceLayout(flavor: Self.flavor(), image: Self.image(.disk)).blockDevices.first)
        #expect(disk.deviceName == "vda")
        #expect(disk.sizeGb == 10)
        #expect(disk.bootIndex == 0)
        #expect(disk.imageUuid == ObjectID(high: 3, low: 4))
        let data = try #require(
            InstanceLayout(flavor: Self.flavor(), image: Self.image(.kernel)).blockDevices.first)
        #expect(data.bootIndex == nil)
    }

    @Test func `a flavor that is smaller than the image needs is refused with both sizes`() {
        #expect(throws: Never.self) { try InstanceLayout.check(Self.flavor(), fits: Self.image(.disk)) }
        #expect(
            throws: ConductorError(
                .invalid, "flavor 'small' is too small for image 'guest': it has 64 MB of memory, not 128 MB")
        ) { try InstanceLayout.check(Self.flavor(memory: 64), fits: Self.image(.disk)) }
        #expect(
            throws: ConductorError(
                .invalid, "flavor 'small' is too small for image 'guest': it has 1 GB of disk, not 2 GB")
        ) { try InstanceLayout.check(Self.flavor(root: 1), fits: Self.image(.disk)) }
    }
}
