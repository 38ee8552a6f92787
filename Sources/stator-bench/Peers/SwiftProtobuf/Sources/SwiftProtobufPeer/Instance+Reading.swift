extension Stator_V1_Instance {
    /// Reads every value, as Stator's own peer does, and returns how much there was.
    @inline(never)
    func readAll() -> Int {
        var total = 0
        for text in [userID, displayName, displayDescription, host] { total += text.utf8.count }
        for number in [vcpus, memoryMb, rootGb] { total += Int(number) }
        for id in [uuid, hostID] { total += id.count }
        for time in [hasCreatedAt, hasUpdatedAt, hasLaunchedAt, hasTerminatedAt] { total += time ? 8 : 0 }
        total += vmState.rawValue + taskState.rawValue + powerState.rawValue
        total += Int(generation) + userData.count
        total += hasFlavor ? read(flavor) : 0
        total += hasImage ? read(image) : 0
        total += hasFault ? read(fault) : 0
        for interface in networkInterfaces {
            total += interface.uuid.count
            for text in [interface.macAddress, interface.model, interface.ipAddress] { total += text.utf8.count }
        }
        for device in blockDevices {
            total += device.uuid.count + device.imageUuid.count
            total += device.deviceName.utf8.count + Int(device.sizeGb) + Int(device.bootIndex)
        }
        return total
    }

    private func read(_ flavor: Stator_V1_Flavor) -> Int {
        var total = flavor.uuid.count + flavor.name.utf8.count + flavor.description_p.utf8.count
        total += Int(flavor.vcpus) + Int(flavor.memoryMb) + Int(flavor.rootGb)
        return total + (flavor.hasCreatedAt ? 8 : 0) + Int(flavor.generation)
    }

    private func read(_ image: Stator_V1_Image) -> Int {
        var total = image.uuid.count + image.name.utf8.count + image.checksum.count + image.bootMethod.rawValue
        total += Int(image.minMemoryMb) + Int(image.minRootGb) + Int(image.sizeBytes)
        return total + (image.hasCreatedAt ? 8 : 0)
    }

    private func read(_ fault: Stator_V1_Fault) -> Int {
        Int(fault.code) + fault.message.utf8.count + fault.details.utf8.count + (fault.hasCreatedAt ? 8 : 0)
    }
}
