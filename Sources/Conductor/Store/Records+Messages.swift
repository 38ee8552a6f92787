package import ComputeMessages
internal import ComputeObjects
internal import StatorObjects

// Records as the versioned objects that go over the wire.
extension InstanceRecord {
    /// Without the user data, which only the host is told: lists stay small, and answers carry no secrets.
    package var message: Instance {
        var message = Instance()
        message.uuid = uuid
        message.userId = userID
        message.displayName = displayName
        message.displayDescription = displayDescription
        message.tags = tags
        message.cpuModel = cpuModel
        message.vmState = vmStateNumber.sayable
        message.taskState = taskStateNumber.sayable
        message.powerState = powerStateNumber.sayable
        message.vcpus = vcpus
        message.memoryMb = memoryMB
        message.rootGb = rootGB
        message.flavor = flavor
        message.image = image
        message.networkInterfaces = networkInterfaces
        message.blockDevices = blockDevices
        message.hostId = hostID
        message.host = hostName
        message.fault = fault
        message.createdAt = createdAt
        message.updatedAt = updatedAt
        message.launchedAt = launchedAt
        message.terminatedAt = terminatedAt
        message.generation = UInt64(clamping: generation)
        return message
    }
}

extension OperationRecord {
    package var message: Operation {
        var message = Operation()
        message.uuid = uuid
        message.kind = kindNumber.sayable
        message.state = stateNumber.sayable
        message.step = stepNumber.sayable
        message.instanceUuid = instanceUUID
        message.instanceName = instanceName
        message.userId = userID
        message.attempt = attempt
        message.conductor = conductor
        message.leaseUntil = leaseUntil
        message.deadline = deadline
        message.fault = fault
        message.createdAt = createdAt
        message.finishedAt = finishedAt
        message.generation = UInt64(clamping: generation)
        return message
    }
}

extension HostRecord {
    package func message(images: [Image] = []) -> Host {
        var message = Host()
        message.uuid = uuid
        message.name = name
        message.vcpus = vcpus
        message.memoryMb = memoryMB
        message.localGb = localGB
        var usage = HostUsage()
        usage.vcpus = vcpusUsed
        usage.memoryMb = memoryMBUsed
        usage.localGb = localGBUsed
        usage.runningVms = instanceCount
        message.usage = usage
        message.hypervisor = hypervisor
        message.accelerator = accelerator
        message.hypervisorVersion = hypervisorVersion
        message.disabled = disabled
        message.disabledReason = disabledReason
        message.up = isUp
        message.lastSeenUp = lastSeenUp
        message.conductor = conductor
        message.release = release
        message.serviceVersion = serviceVersion
        message.generation = UInt64(clamping: generation)
        message.createdAt = createdAt
        message.images = images
        return message
    }
}

extension ServiceRecord {
    package var message: Service {
        var message = Service()
        message.uuid = uuid
        message.binary = binary
        message.name = name
        message.release = release
        message.version = version
        message.up = isUp
        message.lastSeenUp = lastSeenUp
        message.address = address
        message.generation = UInt64(clamping: generation)
        message.versionSince = versionSince
        return message
    }
}
