package import ComputeMessages
package import ComputeObjects
package import StatorObjects

/// A row of `instances`: an instance as the database knows it.
package struct InstanceRecord: Sendable, Equatable {
    package var uuid: ObjectID
    package var userID: String
    package var displayName: String
    package var displayDescription: String?
    /// Nil also where it was not read: lists and look-ups leave it in the database.
    package var userData: [UInt8]?
    package var tags: [String]
    package var cpuModel: String?
    /// The states by their numbers: a newer release may have written one that this one does not know.
    package var vmStateNumber: StateNumber<VMState>
    package var taskStateNumber: StateNumber<TaskState>
    package var powerStateNumber: StateNumber<PowerState>
    package var flavor: Flavor
    package var image: Image
    package var networkInterfaces: [NetworkInterface]
    package var blockDevices: [BlockDevice]
    /// Where it is placed; nil until it is.
    package var hostID: ObjectID?
    /// The name of that host.
    package var hostName: String?
    package var fault: Fault?
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var launchedAt: Timestamp?
    package var terminatedAt: Timestamp?
    /// The oldest service version that knows all of the instance: older conductors and hosts do not start its guest.
    package var neededServiceVersion: UInt32
    package var generation: Int64

    package var vcpus: UInt32 { flavor.vcpus ?? 0 }
    package var memoryMB: UInt32 { flavor.memoryMb ?? 0 }
    package var rootGB: UInt32 { flavor.rootGb ?? 0 }
    package var isDeleted: Bool { vmState == .deleted }
    /// Unspecified when only a newer release knows it.
    package var vmState: VMState { vmStateNumber.state ?? .unspecified }
    /// Nil when only a newer release knows it.
    package var taskState: TaskState? { taskStateNumber.state }
    /// Nil when only a newer release knows it.
    package var powerState: PowerState? { powerStateNumber.state }
}

/// What is to be written as a new instance: vm_state building, task_state scheduling, generation 1.
package struct NewInstance: Sendable {
    package var uuid: ObjectID
    package var userID: String
    package var displayName: String
    package var displayDescription: String?
    package var userData: [UInt8]?
    package var tags: [String]
    package var cpuModel: String?
    package var flavor: Flavor
    package var image: Image
    package var networkInterfaces: [NetworkInterface]
    package var blockDevices: [BlockDevice]
    /// The oldest service version that knows all of it.
    package var neededServiceVersion: UInt32

    package init(
        uuid: ObjectID,
        userID: String,
        displayName: String,
        displayDescription: String? = nil,
        userData: [UInt8]? = nil,
        tags: [String] = [],
        cpuModel: String? = nil,
        flavor: Flavor,
        image: Image,
        networkInterfaces: [NetworkInterface] = [],
        blockDevices: [BlockDevice] = [],
        neededServiceVersion: UInt32? = nil
    ) {
        self.uuid = uuid
        self.userID = userID
        self.displayName = displayName
        self.displayDescription = displayDescription
        self.userData = userData
        self.tags = tags
        self.cpuModel = cpuModel
        self.flavor = flavor
        self.image = image
        self.networkInterfaces = networkInterfaces
        self.blockDevices = blockDevices
        // Conductors and hosts of service version 1 would start it on another processor.
        self.neededServiceVersion = neededServiceVersion ?? (cpuModel == nil ? 1 : 2)
    }
}

/// A change of one property of an instance; an update writes these columns and no others.
package enum InstanceChange: Sendable {
    case vmState(VMState)
    case taskState(TaskState)
    case powerState(PowerState)
    /// Placed on a host, or on none any more.
    case hostID(ObjectID?)
    case fault(Fault?)
    case networkInterfaces([NetworkInterface])
    case blockDevices([BlockDevice])
    case launchedAt(Timestamp?)
    case terminatedAt(Timestamp?)
}

/// What a writer saw of an instance, and takes for granted.
package struct InstanceGuard: Sendable {
    package var generation: Int64
    /// The task states in which the write is legal; nil: any.
    package var taskStates: [TaskState]?
    /// The vm states in which the write is legal; nil: any but deleted.
    package var vmStates: [VMState]?
    /// Legal also when it is deleted, where `vmStates` is nil.
    package var allowsDeleted: Bool

    package init(
        generation: Int64, taskStates: [TaskState]? = nil, vmStates: [VMState]? = nil, allowsDeleted: Bool = false
    ) {
        self.generation = generation
        self.taskStates = taskStates
        self.vmStates = vmStates
        self.allowsDeleted = allowsDeleted
    }
}
