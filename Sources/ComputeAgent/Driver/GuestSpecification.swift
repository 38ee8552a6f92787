package import ComputeMessages
internal import ComputeObjects
package import StatorObjects
internal import StatorWire

/// Everything a driver needs to know to build or start a guest; nothing is looked up later.
package struct GuestSpecification: Equatable, Sendable {
    package struct NetworkAdapter: Equatable, Sendable {
        package var model: String
        package var macAddress: String

        package init(model: String, macAddress: String) {
            self.model = model
            self.macAddress = macAddress
        }
    }

    package var id: ObjectID
    package var vcpus: UInt32
    package var memoryMb: UInt32
    /// Zero: no disk.
    package var rootGb: UInt32
    package var networkAdapters: [NetworkAdapter]
    package var userData: [UInt8]?
    /// QEMU's name of the processor that the guest sees; nil: the best that the accelerator offers.
    package var cpuModel: String?
    package var image: LocalImage

    /// Device models of QEMU that may be asked for; others could name anything QEMU's syntax allows.
    package static let networkModels: Set<String> = ["virtio-net-pci", "e1000", "e1000e", "rtl8139"]

    package init(
        id: ObjectID, vcpus: UInt32, memoryMb: UInt32, rootGb: UInt32, networkAdapters: [NetworkAdapter] = [],
        userData: [UInt8]? = nil, cpuModel: String? = nil, image: LocalImage
    ) {
        self.id = id
        self.vcpus = vcpus
        self.memoryMb = memoryMb
        self.rootGb = rootGb
        self.networkAdapters = networkAdapters
        self.userData = userData
        self.cpuModel = cpuModel
        self.image = image
    }

    /// What a directive's instance asks for, with the image that the host has for it.
    package init(_ instance: Instance, image: LocalImage) throws(DriverError) {
        guard let id = instance.uuid else { throw DriverError(.invalidArgument, "the instance has no uuid") }
        guard let vcpus = instance.vcpus ?? instance.flavor?.vcpus, vcpus > 0,
            let memoryMb = instance.memoryMb ?? instance.flavor?.memoryMb, memoryMb > 0
        else {
            throw DriverError(.invalidArgument, "the instance does not say how many vcpus or how much memory it has")
        }
        let rootGb = instance.rootGb ?? instance.flavor?.rootGb ?? 0
        guard memoryMb >= image.minMemoryMb else {
            throw DriverError(
                .invalidArgument, "image \(image.name) needs \(image.minMemoryMb) MB of memory, and this is \(memoryMb)"
            )
        }
        guard rootGb >= image.minRootGb else {
            throw DriverError(
                .invalidArgument,
                "image \(image.name) needs a root disk of \(image.minRootGb) GB, and this is \(rootGb)")
        }
        var adapters: [NetworkAdapter] = []
        for interface in instance.networkInterfaces {
            adapters.append(try Self.adapter(interface))
        }
        self.init(
            id: id, vcpus: vcpus, memoryMb: memoryMb, rootGb: rootGb, networkAdapters: adapters,
            userData: instance.userData, cpuModel: try Self.cpuModel(instance), image: image)
    }

    /// Anything else than a model's name could turn on what QEMU's option syntax allows.
    private static func cpuModel(_ instance: Instance) throws(DriverError) -> String? {
        guard let model = instance.cpuModel else { return nil }
        guard ComputeLimits.isCPUModel(model) else {
            throw DriverError(.invalidArgument, "'\(model.singleLine)' is no CPU model's name")
        }
        return model
    }

    private static func adapter(_ interface: NetworkInterface) throws(DriverError) -> NetworkAdapter {
        let model = interface.model ?? "virtio-net-pci"
        guard networkModels.contains(model) else {
            throw DriverError(.invalidArgument, "this host has no network model '\(model)'")
        }
        guard let macAddress = interface.macAddress, isMACAddress(macAddress) else {
            throw DriverError(.invalidArgument, "a network interface of the instance has no MAC address")
        }
        return NetworkAdapter(model: model, macAddress: macAddress)
    }

    private static func isMACAddress(_ text: String) -> Bool {
        let octets = text.split(separator: ":", omittingEmptySubsequences: false)
        return octets.count == 6
            && octets.allSatisfy { $0.utf8.count == 2 && $0.allSatisfy(\.isHexDigit) && $0.allSatisfy(\.isASCII) }
    }
}
