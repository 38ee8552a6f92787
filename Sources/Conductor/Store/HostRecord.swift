package import ComputeMessages
package import StatorObjects

/// A row of `hosts` with its session: a machine that runs instances.
package struct HostRecord: Sendable, Equatable {
    package var uuid: ObjectID
    package var name: String
    package var vcpus: UInt32
    package var memoryMB: UInt32
    package var localGB: UInt32
    package var vcpusUsed: UInt32
    package var memoryMBUsed: UInt32
    package var localGBUsed: UInt32
    /// Instances that are placed on it and not deleted.
    package var instanceCount: UInt32
    package var hypervisor: String
    package var accelerator: Accelerator
    package var hypervisorVersion: String
    package var disabled: Bool
    package var disabledReason: String?
    package var release: String
    package var serviceVersion: UInt32
    package var createdAt: Timestamp
    /// Advances with every change of the row (capacity, claims, disabled), not with lease renewals.
    package var generation: Int64
    /// The conductor that holds its connection; nil: none does.
    package var conductor: String?
    package var bootEpoch: UInt64
    /// True while its lease is not over, by the database's clock.
    package var isUp: Bool
    package var lastSeenUp: Timestamp?
    /// The newest report of it that is committed.
    package var appliedThrough: UInt64

    package var vcpusFree: UInt32 { vcpus - min(vcpusUsed, vcpus) }
    package var memoryMBFree: UInt32 { memoryMB - min(memoryMBUsed, memoryMB) }
    package var localGBFree: UInt32 { localGB - min(localGBUsed, localGB) }
}

/// What a host says of itself when it registers.
package struct HostRegistration: Sendable {
    package var uuid: ObjectID
    package var name: String
    package var vcpus: UInt32
    package var memoryMB: UInt32
    package var localGB: UInt32
    package var hypervisor: String
    package var accelerator: Accelerator
    package var hypervisorVersion: String
    package var release: String
    package var serviceVersion: UInt32
    /// What its image directory holds; replaces what it said before.
    package var images: [Image]

    package init(
        uuid: ObjectID,
        name: String,
        vcpus: UInt32,
        memoryMB: UInt32,
        localGB: UInt32,
        hypervisor: String,
        accelerator: Accelerator,
        hypervisorVersion: String,
        release: String,
        serviceVersion: UInt32,
        images: [Image]
    ) {
        self.uuid = uuid
        self.name = name
        self.vcpus = vcpus
        self.memoryMB = memoryMB
        self.localGB = localGB
        self.hypervisor = hypervisor
        self.accelerator = accelerator
        self.hypervisorVersion = hypervisorVersion
        self.release = release
        self.serviceVersion = serviceVersion
        self.images = images
    }
}

/// A host's connection to one conductor, as the database knows it: what its holder shows to write on the host's behalf.
///
/// Each attachment has a number of its own; a later one of the same host fences it, whoever holds it.
package struct HostAttachment: Sendable, Hashable {
    package var hostID: ObjectID
    package var conductor: String
    package var bootEpoch: UInt64
    package var number: Int64
    /// Reports up to this sequence number were committed when it was attached.
    package var appliedThrough: UInt64
}

/// What an instance takes of a host.
package struct ResourceClaim: Sendable, Hashable {
    package var vcpus: UInt32
    package var memoryMB: UInt32
    package var diskGB: UInt32

    package init(vcpus: UInt32, memoryMB: UInt32, diskGB: UInt32) {
        self.vcpus = vcpus
        self.memoryMB = memoryMB
        self.diskGB = diskGB
    }
}

/// A row of `services`: a running daemon of the control plane.
package struct ServiceRecord: Sendable, Equatable {
    package var uuid: ObjectID
    package var binary: String
    package var name: String
    package var release: String
    package var version: UInt32
    package var address: String?
    /// True while its lease is not over, by the database's clock.
    package var isUp: Bool
    package var lastSeenUp: Timestamp
    package var generation: Int64
    /// Since when it is of this release and service version; nil until that is written down.
    package var versionSince: Timestamp?
}

/// A row of `service_versions`: what a daemon has run from a moment on.
package struct ServiceVersionRecord: Sendable, Equatable {
    package var release: String
    package var version: UInt32
    package var seenAt: Timestamp
}
