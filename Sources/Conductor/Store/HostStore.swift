internal import ComputeMessages
internal import ComputeObjects
internal import Postgres
package import StatorObjects

/// The tables `hosts`, `host_sessions` and `host_images`; claims are in `HostStore+Claims.swift`.
package struct HostStore: Sendable {
    let session: StoreSession

    init(_ session: StoreSession) {
        self.session = session
    }

    /// Writes what a host says of itself; new, or again. In a transaction, since its images are rows of their own.
    ///
    /// A capacity below what is claimed on the host is stored as what is claimed: the guests are there.
    ///
    /// - Throws: `.alreadyExists` when the name is another uuid's, `.identityMismatch` when the uuid has another name.
    package func register(_ host: HostRegistration) async throws(StoreError) -> HostRecord {
        let registered: HostRecord?
        do throws(StoreError) {
            registered = try await session.row(
                Self.changing(
                    """
                    INSERT INTO hosts AS h (uuid, name, vcpus, memory_mb, local_gb, vcpus_used, memory_mb_used,
                        local_gb_used, hypervisor, accelerator, hypervisor_version, disabled, release, service_version,
                        created_at, generation)
                    VALUES ($1, $2, $3, $4, $5, 0, 0, 0, $6, $7, $8, false, $9, $10, stator_now(), 1)
                    ON CONFLICT (uuid) DO UPDATE SET
                        vcpus = greatest(excluded.vcpus, h.vcpus_used),
                        memory_mb = greatest(excluded.memory_mb, h.memory_mb_used),
                        local_gb = greatest(excluded.local_gb, h.local_gb_used),
                        hypervisor = excluded.hypervisor, accelerator = excluded.accelerator, hypervisor_version = excluded.hypervisor_version,
                        release = excluded.release, service_version = excluded.service_version,
                        generation = h.generation + 1
                    WHERE h.name = excluded.name
                    RETURNING h.*
                    """),
                [
                    .id(host.uuid), .text(host.name), .number(host.vcpus), .number(host.memoryMB),
                    .number(host.localGB), .text(host.hypervisor), .state(host.accelerator),
                    .text(host.hypervisorVersion), .text(host.release), .number(host.serviceVersion),
                ],
                Self.decode)
        } catch {
            guard error.code == .alreadyExists else { throw error }
            throw StoreError(
                .alreadyExists,
                "the host name \(host.name) belongs to another host than \(host.uuid); remove that host first, or give "
                    + "this one its identity file back")
        }
        guard let registered else {
            throw StoreError(
                .identityMismatch, "host \(host.uuid) is registered under another name than \(host.name)")
        }
        try await ServiceStore(session).noteHost(
            name: host.name, release: host.release, version: host.serviceVersion)
        try await replaceImages(of: host)
        return registered
    }

    private func replaceImages(of host: HostRegistration) async throws(StoreError) {
        var images: [ObjectID: Image] = [:]
        for image in host.images {
            guard let uuid = image.uuid, image.checksum?.count == 32, image.name != nil else {
                throw StoreError(
                    .invalidArgument, "an image of host \(host.name) lacks its uuid, its name or its checksum")
            }
            images[uuid] = image
        }
        let ordered = images.sorted { $0.key < $1.key }
        try await session.execute(
            """
            WITH gone AS (DELETE FROM host_images WHERE host_id = $1 AND image_uuid <> ALL($2))
            INSERT INTO host_images (host_id, image_uuid, name, checksum, image, image_version)
            SELECT $1, held.uuid, held.name, held.checksum, held.image, $6
            FROM unnest($2, $3, $4, $5) AS held (uuid, name, checksum, image)
            ON CONFLICT (host_id, image_uuid) DO UPDATE SET name = excluded.name, checksum = excluded.checksum,
                image = excluded.image, image_version = excluded.image_version
            """,
            [
                .id(host.uuid), .ids(ordered.map(\.key)), .textArray(ordered.map { $0.value.name ?? "" }),
                .byteaArray(ordered.map { $0.value.checksum ?? [] }), .objects(ordered.map(\.value)),
                .version(Image.self),
            ])
    }

    package func get(_ uuid: ObjectID) async throws(StoreError) -> HostRecord? {
        try await session.row("\(Self.selection) WHERE h.uuid = $1", [.id(uuid)], Self.decode)
    }

    /// By its uuid's text or its name.
    package func find(_ nameOrUUID: String) async throws(StoreError) -> HostRecord {
        if let uuid = ObjectID(nameOrUUID), let record = try await get(uuid) { return record }
        let named = try await session.row("\(Self.selection) WHERE h.name = $1", [.text(nameOrUUID)], Self.decode)
        guard let named else { throw StoreError(.notFound, "there is no host \(nameOrUUID)") }
        return named
    }

    /// All, by name.
    package func list() async throws(StoreError) -> [HostRecord] {
        try await session.rows("\(Self.selection) ORDER BY h.name", [], Self.decode)
    }

    /// Stops or resumes placing on it. Throws `.lostRace(.generation)`, `.notFound`.
    package func setDisabled(
        _ uuid: ObjectID, generation: Int64, disabled: Bool, reason: String?
    ) async throws(StoreError) -> HostRecord {
        let changed = try await session.row(
            Self.changing(
                """
                UPDATE hosts AS h SET disabled = $3, disabled_reason = $4, generation = h.generation + 1
                WHERE h.uuid = $1 AND h.generation = $2 RETURNING h.*
                """),
            [.id(uuid), .int8(generation), .bool(disabled), .text(orNil: reason)], Self.decode)
        if let changed { return changed }
        throw try await lostRace(uuid, generation: generation)
    }

    func lostRace(_ uuid: ObjectID, generation: Int64) async throws(StoreError) -> StoreError {
        guard let current = try await get(uuid) else {
            return StoreError(.notFound, "there is no host \(uuid)")
        }
        return StoreError(
            .lostRace(.generation), "host \(current.name) has generation \(current.generation), not \(generation)")
    }
}

extension HostStore {
    private static let columns = """
        h.uuid, h.name, h.vcpus, h.memory_mb, h.local_gb, h.vcpus_used, h.memory_mb_used, h.local_gb_used,
        (SELECT count(*) FROM instances AS i
            WHERE i.host_id = h.uuid AND i.vm_state <> \(VMState.deleted.rawValue)) AS instance_count,
        coalesce(h.hypervisor, stator_host_hypervisor(h.uuid)) AS hypervisor,
        coalesce(h.accelerator, stator_host_accelerator(h.uuid)) AS accelerator, h.hypervisor_version, h.disabled, h.disabled_reason, h.release, h.service_version,
        h.created_at, h.generation, s.conductor, coalesce(s.boot_epoch, 0) AS boot_epoch,
        coalesce(s.lease_until > (SELECT stator_now()), false) AS is_up, s.last_seen_up,
        coalesce(s.applied_through, 0) AS applied_through
        """

    static let selection = "SELECT \(columns) FROM hosts AS h LEFT JOIN host_sessions AS s ON s.host_id = h.uuid"

    /// Makes a statement that returns rows of hosts return whole records.
    private static func changing(_ statement: String) -> String {
        """
        WITH changed AS (\(statement))
        SELECT \(columns) FROM changed AS h LEFT JOIN host_sessions AS s ON s.host_id = h.uuid
        """
    }

    static func decode(_ row: StoredRow) throws(StoreError) -> HostRecord {
        HostRecord(
            uuid: try row.id("uuid"),
            name: try row.text("name"),
            vcpus: try row.unsigned("vcpus"),
            memoryMB: try row.unsigned("memory_mb"),
            localGB: try row.unsigned("local_gb"),
            vcpusUsed: try row.unsigned("vcpus_used"),
            memoryMBUsed: try row.unsigned("memory_mb_used"),
            localGBUsed: try row.unsigned("local_gb_used"),
            instanceCount: try row.unsigned("instance_count"),
            hypervisor: try row.text("hypervisor"),
            accelerator: (try row.stateNumber("accelerator") as StateNumber<Accelerator>).sayable ?? .unspecified,
            hypervisorVersion: try row.text("hypervisor_version"),
            disabled: try row.bool("disabled"),
            disabledReason: try row.textOrNil("disabled_reason"),
            release: try row.text("release"),
            serviceVersion: try row.unsigned("service_version"),
            createdAt: try row.time("created_at"),
            generation: try row.int64("generation"),
            conductor: try row.textOrNil("conductor"),
            bootEpoch: try row.unsigned("boot_epoch"),
            isUp: try row.bool("is_up"),
            lastSeenUp: try row.timeOrNil("last_seen_up"),
            appliedThrough: try row.unsigned("applied_through"))
    }
}
