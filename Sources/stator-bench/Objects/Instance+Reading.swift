internal import ComputeMessages
internal import StatorObjects

extension Instance {
    /// Reads every value, as whoever shows the whole object would, and returns how much there was; the swift-protobuf
    /// peer reads the same.
    @inline(never)
    func readAll() -> Int {
        var total = 0
        for text in [userId, displayName, displayDescription, host] { total += text?.utf8.count ?? 0 }
        for number in [vcpus, memoryMb, rootGb] { total += Int(number ?? 0) }
        for id in [uuid, hostId] { total += id == nil ? 0 : 16 }
        for time in [createdAt, updatedAt, launchedAt, terminatedAt] { total += time == nil ? 0 : 8 }
        total += Int(vmState?.rawValue ?? 0) + Int(taskState?.rawValue ?? 0) + Int(powerState?.rawValue ?? 0)
        total += Int(generation ?? 0) + (userData?.count ?? 0)
        total += flavor.map(read) ?? 0
        total += image.map(read) ?? 0
        total += fault.map(read) ?? 0
        for interface in networkInterfaces {
            total += interface.uuid == nil ? 0 : 16
            for text in [interface.macAddress, interface.model, interface.ipAddress] { total += text?.utf8.count ?? 0 }
        }
        for device in blockDevices {
            total += (device.uuid == nil ? 0 : 16) + (device.imageUuid == nil ? 0 : 16)
            total += (device.deviceName?.utf8.count ?? 0) + Int(device.sizeGb ?? 0) + Int(device.bootIndex ?? 0)
        }
        return total
    }

    private func read(_ flavor: Flavor) -> Int {
        var total = flavor.uuid == nil ? 0 : 16
        total += (flavor.name?.utf8.count ?? 0) + (flavor.description?.utf8.count ?? 0)
        total += Int(flavor.vcpus ?? 0) + Int(flavor.memoryMb ?? 0) + Int(flavor.rootGb ?? 0)
        return total + (flavor.createdAt == nil ? 0 : 8) + Int(flavor.generation ?? 0)
    }

    private func read(_ image: Image) -> Int {
        var total = image.uuid == nil ? 0 : 16
        total += (image.name?.utf8.count ?? 0) + (image.checksum?.count ?? 0) + Int(image.bootMethod?.rawValue ?? 0)
        total += Int(image.minMemoryMb ?? 0) + Int(image.minRootGb ?? 0) + Int(image.sizeBytes ?? 0)
        return total + (image.createdAt == nil ? 0 : 8)
    }

    private func read(_ fault: Fault) -> Int {
        Int(fault.code ?? 0) + (fault.message?.utf8.count ?? 0) + (fault.details?.utf8.count ?? 0)
            + (fault.createdAt == nil ? 0 : 8)
    }
}
