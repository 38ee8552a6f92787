internal import ComputeMessages
internal import ComputeObjects
internal import Postgres
package import StatorObjects

/// The table `instances`.
package struct InstanceStore: Sendable {
    private let session: StoreSession

    init(_ session: StoreSession) {
        self.session = session
    }

    /// Writes a new instance: building, scheduling, generation 1.
    package func create(_ new: NewInstance) async throws(StoreError) -> InstanceRecord {
        let created = try await session.row(
            """
            INSERT INTO instances AS i (uuid, user_id, display_name, display_description, user_data, vm_state,
                task_state, power_state, flavor, flavor_version, image, image_version, network_interfaces,
                network_interfaces_version, block_devices, block_devices_version, needed_service_version,
                tags, cpu_model, created_at, updated_at, generation)
            SELECT $1, $2, $3, $4::text, $5::bytea, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                $18, $19::text, now, now, 1
            FROM (SELECT stator_now() AS now) AS clock
            RETURNING \(Self.columns)
            """,
            [
                .id(new.uuid), .text(new.userID), .text(new.displayName), .text(orNil: new.displayDescription),
                .bytes(orNil: new.userData), .state(VMState.building), .state(TaskState.scheduling),
                .state(PowerState.pending), .object(new.flavor), .version(Flavor.self), .object(new.image),
                .version(Image.self), .objects(new.networkInterfaces), .version(NetworkInterface.self),
                .objects(new.blockDevices), .version(BlockDevice.self), .number(new.neededServiceVersion),
                .textArray(new.tags), .text(orNil: new.cpuModel),
            ],
            Self.decode)
        guard let created else { throw StoreError(.internal, "instance \(new.uuid) was written but not returned") }
        return created
    }

    /// Also a deleted one. `lock`, in a transaction, keeps others from writing it until the transaction's end.
    package func get(_ uuid: ObjectID, lock: Bool = false) async throws(StoreError) -> InstanceRecord? {
        try await session.row(
            "SELECT \(Self.columns) FROM instances AS i WHERE i.uuid = $1\(lock ? " FOR NO KEY UPDATE OF i" : "")",
            [.id(uuid)], Self.decode)
    }

    /// Those that there are of these, deleted ones too, in the order of their uuids; without their user data.
    package func get(_ uuids: [ObjectID]) async throws(StoreError) -> [InstanceRecord] {
        try await session.rows(
            "SELECT \(Self.columnsWithoutUserData) FROM instances AS i WHERE i.uuid = ANY($1) ORDER BY i.uuid",
            [.ids(uuids)], Self.decode)
    }

    /// By its uuid's text, or by its name unless it is deleted; without its user data.
    ///
    /// - Parameter userID: Whose it must be; nil: anybody's.
    /// - Throws: `.notFound`, or `.ambiguousName` with the count of those that bear the name.
    package func find(_ nameOrUUID: String, userID: String?) async throws(StoreError) -> InstanceRecord {
        if let uuid = ObjectID(nameOrUUID), let record = try await get([uuid]).first,
            userID == nil || record.userID == userID
        {
            return record
        }
        let owner = userID.map { [PostgresValue.text($0)] } ?? []
        let found = try await session.rows(
            """
            SELECT \(Self.columnsWithoutUserData), count(*) OVER () AS name_count FROM instances AS i
            WHERE i.display_name = $1 AND i.vm_state <> \(VMState.deleted.rawValue)
                \(userID == nil ? "" : "AND i.user_id = $2")
            LIMIT 2
            """,
            [.text(nameOrUUID)] + owner
        ) { row throws(StoreError) in
            (record: try Self.decode(row), count: try row.int64("name_count"))
        }
        guard let first = found.first else {
            throw StoreError(.notFound, "there is no instance \(nameOrUUID)")
        }
        guard first.count == 1 else {
            throw StoreError(
                .ambiguousName, "\(first.count) instances are named \(nameOrUUID)", count: Int(first.count))
        }
        return first.record
    }

    /// Those that are not deleted and come after the marker, in the order of their uuids; without their user data.
    package func list(
        userID: String?, after marker: ObjectID?, limit: Int
    ) async throws(StoreError) -> [InstanceRecord] {
        let start = marker.map { PostgresValue.id($0) }
        let owner = userID.map { PostgresValue.text($0) }
        return try await session.rows(
            """
            SELECT \(Self.columnsWithoutUserData) FROM instances AS i
            WHERE i.vm_state <> \(VMState.deleted.rawValue)
                \(start == nil ? "" : "AND i.uuid > $2") \(owner == nil ? "" : "AND i.user_id = $\(start == nil ? 2 : 3)")
            ORDER BY i.uuid LIMIT $1
            """,
            [.number(limit)] + [start, owner].compactMap { $0 }, Self.decode)
    }

    /// Those that are placed on the host and not deleted, in the order of their uuids; without their user data.
    package func list(hostID: ObjectID) async throws(StoreError) -> [InstanceRecord] {
        try await session.rows(
            """
            SELECT \(Self.columnsWithoutUserData) FROM instances AS i
            WHERE i.host_id = $1 AND i.vm_state <> \(VMState.deleted.rawValue) ORDER BY i.uuid
            """,
            [.id(hostID)], Self.decode)
    }

    /// Writes these properties and no others, and advances the generation.
    ///
    /// - Throws: `.lostRace` with the field that is not as the guard has it, or `.notFound`.
    @discardableResult
    package func update(
        _ uuid: ObjectID, guard instanceGuard: InstanceGuard, _ changes: [InstanceChange]
    ) async throws(StoreError) -> InstanceRecord {
        var assignments = InstanceAssignments(firstParameter: 6)
        for change in changes {
            try assignments.add(change)
        }
        let updated = try await session.row(
            """
            UPDATE instances AS i SET updated_at = stator_now(), generation = i.generation + 1\(assignments.sql)
            WHERE i.uuid = $1 AND i.generation = $2 AND ($3::integer[] IS NULL OR i.task_state = ANY($3))
                AND ($4::integer[] IS NULL OR i.vm_state = ANY($4))
                AND ($5 OR i.vm_state <> \(VMState.deleted.rawValue))
            RETURNING \(Self.columns)
            """,
            [
                .id(uuid), .int8(instanceGuard.generation),
                instanceGuard.taskStates.map { .states($0) } ?? .null,
                instanceGuard.vmStates.map { .states($0) } ?? .null,
                .bool(instanceGuard.allowsDeleted || instanceGuard.vmStates != nil),
            ] + assignments.parameters,
            Self.decode)
        if let updated { return updated }
        guard let current = try await get(uuid) else {
            throw StoreError(.notFound, "there is no instance \(uuid)")
        }
        throw instanceGuard.refusal(of: current)
    }
}

extension InstanceStore {
    /// With the user data, which goes into directives only: for reading the one instance that a directive is about, and
    /// for what a write returns, which a directive is made of, too.
    private static let columns = "i.user_data, \(columnsButUserData)"

    /// Where many instances are read, or for a user: 64 KiB of each, that nobody looks at, stay in the database.
    private static let columnsWithoutUserData = "NULL::bytea AS user_data, \(columnsButUserData)"

    private static let columnsButUserData = """
        i.uuid, i.user_id, i.display_name, i.display_description, i.vm_state, i.task_state, i.power_state, i.flavor,
        i.flavor_version, i.image, i.image_version, i.network_interfaces, i.network_interfaces_version, i.block_devices,
        i.block_devices_version, i.tags, i.cpu_model, i.host_id,
        (SELECT h.name FROM hosts AS h WHERE h.uuid = i.host_id) AS host_name,
        i.fault, i.fault_version, i.created_at, i.updated_at, i.launched_at, i.terminated_at,
        i.needed_service_version, i.generation
        """

    private static func decode(_ row: StoredRow) throws(StoreError) -> InstanceRecord {
        InstanceRecord(
            uuid: try row.id("uuid"),
            userID: try row.text("user_id"),
            displayName: try row.text("display_name"),
            displayDescription: try row.textOrNil("display_description"),
            userData: try row.bytesOrNil("user_data"),
            tags: try row.texts("tags"),
            cpuModel: try row.textOrNil("cpu_model"),
            vmStateNumber: try row.stateNumber("vm_state"),
            taskStateNumber: try row.stateNumber("task_state"),
            powerStateNumber: try row.stateNumber("power_state"),
            flavor: try row.object("flavor"),
            image: try row.object("image"),
            networkInterfaces: try row.objects("network_interfaces"),
            blockDevices: try row.objects("block_devices"),
            hostID: try row.idOrNil("host_id"),
            hostName: try row.textOrNil("host_name"),
            fault: try row.objectOrNil("fault"),
            createdAt: try row.time("created_at"),
            updatedAt: try row.time("updated_at"),
            launchedAt: try row.timeOrNil("launched_at"),
            terminatedAt: try row.timeOrNil("terminated_at"),
            neededServiceVersion: try row.unsigned("needed_service_version"),
            generation: try row.int64("generation"))
    }
}

extension InstanceGuard {
    /// Which field moved, in a sentence. What says most comes first: a deleted instance has another generation, too.
    func refusal(of current: InstanceRecord) -> StoreError {
        let name = "instance \(current.uuid)"
        if let vmStates, !(current.vmStateNumber.state.map(vmStates.contains) ?? false) {
            let field: StoreError.MovedField = current.isDeleted ? .deleted : .vmState
            let wanted = vmStates.map(\.description).joined(separator: " or ")
            return StoreError(.lostRace(field), "\(name) has vm_state \(current.vmStateNumber), not \(wanted)")
        }
        if vmStates == nil, !allowsDeleted, current.isDeleted {
            return StoreError(.lostRace(.deleted), "\(name) has been deleted")
        }
        if let taskStates, !(current.taskState.map(taskStates.contains) ?? false) {
            let wanted = taskStates.map(\.description).joined(separator: " or ")
            return StoreError(.lostRace(.taskState), "\(name) has task_state \(current.taskStateNumber), not \(wanted)")
        }
        return StoreError(
            .lostRace(.generation), "\(name) has generation \(current.generation), not \(generation)")
    }
}

/// The columns that an update of an instance writes.
private struct InstanceAssignments {
    private let firstParameter: Int
    private var columns: [(name: String, value: PostgresValue)] = []

    init(firstParameter: Int) {
        self.firstParameter = firstParameter
    }

    var parameters: [PostgresValue] { columns.map(\.value) }

    /// With a comma before each.
    var sql: String {
        columns.enumerated().map { index, column in
            ", \(column.name) = $\(firstParameter + index)"
        }.joined()
    }

    mutating func add(_ change: InstanceChange) throws(StoreError) {
        switch change {
        case .vmState(let state): set("vm_state", .state(state))
        case .taskState(let state): set("task_state", .state(state))
        case .powerState(let state): set("power_state", .state(state))
        case .hostID(let id): set("host_id", .id(orNil: id))
        case .fault(let fault):
            set("fault", try .object(orNil: fault))
            set("fault_version", fault == nil ? .null : .version(Fault.self))
        case .networkInterfaces(let interfaces):
            set("network_interfaces", try .objects(interfaces))
            set("network_interfaces_version", .version(NetworkInterface.self))
        case .blockDevices(let devices):
            set("block_devices", try .objects(devices))
            set("block_devices_version", .version(BlockDevice.self))
        case .launchedAt(let time): set("launched_at", .time(orNil: time))
        case .terminatedAt(let time): set("terminated_at", .time(orNil: time))
        }
    }

    /// The last of several changes of one property counts.
    private mutating func set(_ name: String, _ value: PostgresValue) {
        columns.removeAll { $0.name == name }
        columns.append((name, value))
    }
}
