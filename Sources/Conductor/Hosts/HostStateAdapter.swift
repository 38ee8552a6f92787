package import ComputeMessages
internal import ComputeObjects
internal import StatorObjects
package import StatorRPC

/// What hosts call: takes the messages apart, and puts the answers together.
package struct HostStateAdapter: HostStateService {
    private let sessions: HostSessions

    package init(sessions: HostSessions) {
        self.sessions = sessions
    }

    package func registerHost(
        _ request: RegisterHostRequest, context: CallContext
    ) async throws -> RegisterHostResponse {
        guard let host = request.host else {
            throw ConductorError(.invalid, "the request says nothing of the host")
        }
        guard let bootEpoch = request.bootEpoch, bootEpoch > 0 else {
            throw ConductorError(.invalid, "the boot epoch is missing; the first is 1")
        }
        let registration = try HostRegistration(host, callerName: context.caller.name)
        let (record, attachment) = try await sessions.register(
            registration, bootEpoch: bootEpoch, connection: context.connection)
        var response = RegisterHostResponse()
        response.host = record.message()
        response.appliedThrough = attachment.appliedThrough
        response.leaseMs = Leases.milliseconds(Leases.host)
        return response
    }

    package func renewLease(_ request: RenewLeaseRequest, context: CallContext) async throws -> RenewLeaseResponse {
        try await sessions.renewLease(bootEpoch: request.bootEpoch ?? 0, connection: context.connection)
        var response = RenewLeaseResponse()
        response.leaseMs = Leases.milliseconds(Leases.host)
        return response
    }

    package func report(_ request: ReportRequest, context: CallContext) async throws -> ReportResponse {
        var response = ReportResponse()
        response.appliedThrough = try await sessions.apply(request.reports, connection: context.connection)
        return response
    }

    package func getInstances(
        _ request: GetHostInstancesRequest, context: CallContext
    ) async throws -> GetHostInstancesResponse {
        let uuids = request.uuids
        guard uuids.count <= HostSessions.instanceCountMax else {
            throw ConductorError(
                .invalid, "at most \(HostSessions.instanceCountMax) instances may be asked for at once")
        }
        var response = GetHostInstancesResponse()
        response.instances = try await sessions.instances(uuids, connection: context.connection)
            .map(\.reconciliationMessage)
        return response
    }
}

extension HostRegistration {
    /// What a host says of itself; its name must be its certificate's.
    init(_ host: Host, callerName: String) throws(ConductorError) {
        guard let uuid = host.uuid, let name = host.name else {
            throw ConductorError(.invalid, "a host registers with its uuid and its name")
        }
        guard name == callerName else {
            throw ConductorError(
                .wrongState, "the host calls itself '\(name)', but its certificate is that of '\(callerName)'")
        }
        guard let vcpus = host.vcpus, let memoryMb = host.memoryMb, let localGb = host.localGb else {
            throw ConductorError(.invalid, "host '\(name)' does not say how much it has: vcpus, memory_mb, local_gb")
        }
        var images: [Image] = []
        for image in host.images {
            images.append(try Image(heldBy: name, image))
        }
        self.init(
            uuid: uuid, name: name, vcpus: vcpus, memoryMB: memoryMb, localGB: localGb,
            hypervisor: host.hypervisor ?? "unknown", accelerator: host.accelerator ?? .unspecified,
            hypervisorVersion: host.hypervisorVersion ?? "unknown",
            release: host.release ?? "", serviceVersion: host.serviceVersion ?? 0, images: images)
    }
}

extension Image {
    private static let checksumByteCount = 32

    /// What a host may say of an image, and nothing else: it goes into every instance that is made from it, so what
    /// this release does not know of it is not kept for a host.
    package init(heldBy hostName: String, _ image: Image) throws(ConductorError) {
        guard let uuid = image.uuid, let name = image.name, let checksum = image.checksum,
            checksum.count == Self.checksumByteCount
        else {
            throw ConductorError(.invalid, "an image of host '\(hostName)' lacks its uuid, its name or its checksum")
        }
        self.init()
        self.uuid = uuid
        self.name = name
        self.checksum = checksum
        bootMethod = image.bootMethod
        minMemoryMb = image.minMemoryMb
        minRootGb = image.minRootGb
        sizeBytes = image.sizeBytes
        createdAt = image.createdAt
    }
}

extension InstanceRecord {
    /// What a host compares with its guests; it has everything else in its own records.
    fileprivate var reconciliationMessage: Instance {
        var message = Instance()
        message.uuid = uuid
        message.vmState = vmStateNumber.sayable
        message.taskState = taskStateNumber.sayable
        message.powerState = powerStateNumber.sayable
        message.hostId = hostID
        message.generation = UInt64(clamping: generation)
        return message
    }
}
