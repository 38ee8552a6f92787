package import ComputeMessages
package import StatorObjects

/// What is sent: the one definition of both messages; the other peers get their encoded bytes in files.
package enum SampleMessages {
    /// 64 bytes when encoded.
    package static var ping: ConsoleOutput {
        var ping = ConsoleOutput()
        ping.data = Array(0..<62)
        return ping
    }

    /// About 1 KiB when encoded: an instance in use, with everything that belongs to it.
    package static var instance: Instance {
        var instance = Instance()
        instance.uuid = id(1)
        instance.userId = "alice"
        instance.displayName = "web-frontend-eu-west-3-blue-0017"
        instance.displayDescription =
            "Serves the shop's front page; owned by the web team, see its page before any reboot."
        instance.vmState = .active
        instance.taskState = TaskState.none
        instance.powerState = .running
        instance.vcpus = 8
        instance.memoryMb = 32_768
        instance.rootGb = 80
        instance.flavor = flavor
        instance.image = image
        instance.networkInterfaces = (0..<3).map(networkInterface)
        instance.blockDevices = (0..<3).map(blockDevice)
        instance.hostId = id(2)
        instance.host = "compute-rack12-node07"
        instance.fault = fault
        instance.createdAt = time(100)
        instance.launchedAt = time(160)
        instance.updatedAt = time(200)
        instance.generation = 41
        instance.userData = Array("#cloud-config\npackages: [nginx, chrony]\nruncmd: [systemctl enable nginx]\n".utf8)
        return instance
    }

    /// The same without what an older receiver must not do without, so that it can be lowered.
    package static var lowerableInstance: Instance {
        var lowerable = instance
        lowerable.userData = nil
        return lowerable
    }

    /// What a receiver understands that has an Instance two versions older, or the first when there were no two; all
    /// else as in this build.
    package static var olderManifest: Manifest {
        var versions = ComputeManifest.current.versions
        if let version = versions[Instance.schema.name] {
            versions[Instance.schema.name] = ObjectVersion(version.major, version.minor - min(version.minor, 2))
        }
        return Manifest(versions)
    }

    private static var flavor: Flavor {
        var flavor = Flavor()
        flavor.uuid = id(3)
        flavor.name = "general.xlarge"
        flavor.vcpus = 8
        flavor.memoryMb = 32_768
        flavor.rootGb = 80
        flavor.description = "Eight shared processors for web and application servers"
        flavor.createdAt = time(0)
        flavor.generation = 3
        return flavor
    }

    private static var image: Image {
        var image = Image()
        image.uuid = id(4)
        image.name = "debian-12-genericcloud-amd64"
        image.checksum = id(5).bytes + id(6).bytes
        image.bootMethod = .disk
        image.minMemoryMb = 512
        image.minRootGb = 3
        image.sizeBytes = 3 << 30
        image.createdAt = time(0)
        return image
    }

    private static func networkInterface(_ index: Int) -> NetworkInterface {
        var interface = NetworkInterface()
        interface.uuid = id(10 + index)
        interface.macAddress = "fa:16:3e:5c:0\(index):7d"
        interface.model = "virtio-net-pci"
        interface.ipAddress = "10.21.\(index).117"
        return interface
    }

    private static func blockDevice(_ index: Int) -> BlockDevice {
        var device = BlockDevice()
        device.uuid = id(20 + index)
        device.deviceName = ["vda", "vdb", "vdc"][index]
        device.sizeGb = UInt32(80 + 100 * index)
        device.bootIndex = UInt32(index)
        device.imageUuid = id(4)
        return device
    }

    private static var fault: Fault {
        var fault = Fault()
        fault.code = 14
        fault.message = "The host did not answer in time; the guest was found running."
        fault.details = "RenewLease on 10.20.0.11:7701: deadline exceeded after 5.000 s"
        fault.createdAt = time(180)
        return fault
    }

    private static func id(_ seed: Int) -> ObjectID {
        let high = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15
        return ObjectID(high: high, low: high &* 0xbf58_476d_1ce4_e5b9)
    }

    private static func time(_ seconds: Int64) -> Timestamp {
        Timestamp(microsecondsSinceEpoch: (1_718_000_000 + seconds) * 1_000_000)
    }
}
