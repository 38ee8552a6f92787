package import ComputeMessages
internal import Postgres
package import StatorObjects

// The table `claims`, and the sums of it in `hosts`.
extension HostStore {
    /// Hosts that are enabled and alive, have exactly this image, room for the claim and at least the service version;
    /// most free memory first.
    package func candidates(
        for claim: ResourceClaim, image: Image, serviceVersion: UInt32 = 0, limit: Int
    ) async throws(StoreError) -> [HostRecord] {
        guard let uuid = image.uuid, let checksum = image.checksum else {
            throw StoreError(.invalidArgument, "an image without uuid or checksum cannot be looked for")
        }
        return try await session.rows(
            """
            \(Self.selection)
            WHERE NOT h.disabled AND s.lease_until > (SELECT stator_now())
                AND h.vcpus - h.vcpus_used >= $1 AND h.memory_mb - h.memory_mb_used >= $2
                AND h.local_gb - h.local_gb_used >= $3 AND h.service_version >= $7
                AND EXISTS (SELECT FROM host_images AS m
                    WHERE m.host_id = h.uuid AND m.image_uuid = $4 AND m.checksum = $5)
            ORDER BY h.memory_mb - h.memory_mb_used DESC, h.uuid LIMIT $6
            """,
            [
                .number(claim.vcpus), .number(claim.memoryMB), .number(claim.diskGB), .id(uuid), .bytea(checksum),
                .number(limit), .number(serviceVersion),
            ],
            Self.decode)
    }

    /// Claims resources of a host for an instance, if the host is still as it was seen.
    ///
    /// - Throws: `.lostRace(.generation)`, `.insufficientCapacity`, or `.alreadyExists` when the instance has a claim.
    package func claim(
        _ claim: ResourceClaim, instance: ObjectID, host: ObjectID, generation: Int64
    ) async throws(StoreError) {
        let claimed: Int
        do throws(StoreError) {
            claimed = try await session.execute(
                """
                WITH taken AS (
                    UPDATE hosts SET vcpus_used = vcpus_used + $4, memory_mb_used = memory_mb_used + $5,
                        local_gb_used = local_gb_used + $6, generation = generation + 1
                    WHERE uuid = $2 AND generation = $3 AND NOT disabled AND vcpus - vcpus_used >= $4
                        AND memory_mb - memory_mb_used >= $5 AND local_gb - local_gb_used >= $6
                    RETURNING uuid
                )
                INSERT INTO claims (instance_uuid, host_id, vcpus, memory_mb, disk_gb, created_at)
                SELECT $1, taken.uuid, $4, $5, $6, stator_now() FROM taken
                """,
                [
                    .id(instance), .id(host), .int8(generation), .number(claim.vcpus), .number(claim.memoryMB),
                    .number(claim.diskGB),
                ])
        } catch {
            guard error.code == .alreadyExists else { throw error }
            throw StoreError(.alreadyExists, "instance \(instance) has claimed resources before")
        }
        if claimed == 1 { return }
        guard let current = try await get(host), current.generation == generation else {
            throw try await lostRace(host, generation: generation)
        }
        throw StoreError(
            .insufficientCapacity,
            current.disabled
                ? "host \(current.name) is disabled"
                : "host \(current.name) has \(current.vcpusFree) vcpus, \(current.memoryMBFree) MB of memory and "
                    + "\(current.localGBFree) GB of disk left")
    }

    /// Gives back what the instance had claimed; false: nothing. Needs no generation of the host, since the claim's row,
    /// which only one can delete, is the guard.
    @discardableResult
    package func releaseClaim(instance: ObjectID) async throws(StoreError) -> Bool {
        try await session.execute(
            """
            WITH freed AS (DELETE FROM claims WHERE instance_uuid = $1 RETURNING *)
            UPDATE hosts SET vcpus_used = vcpus_used - freed.vcpus, memory_mb_used = memory_mb_used - freed.memory_mb,
                local_gb_used = local_gb_used - freed.disk_gb, generation = generation + 1
            FROM freed WHERE hosts.uuid = freed.host_id
            """,
            [.id(instance)]) > 0
    }

    /// What the instance has claimed, and where; nil: nothing.
    package func claim(
        instance: ObjectID
    ) async throws(StoreError) -> (hostID: ObjectID, claim: ResourceClaim)? {
        try await session.row(
            "SELECT host_id, vcpus, memory_mb, disk_gb FROM claims WHERE instance_uuid = $1", [.id(instance)]
        ) { row throws(StoreError) in
            (
                try row.id("host_id"),
                ResourceClaim(
                    vcpus: try row.unsigned("vcpus"), memoryMB: try row.unsigned("memory_mb"),
                    diskGB: try row.unsigned("disk_gb"))
            )
        }
    }

    /// What cannot be true all at once, a sentence each: sums that are not the sums of the claims, claims of deleted
    /// instances, claims on another host than the instance's.
    package func inconsistencies() async throws(StoreError) -> [String] {
        try await session.rows(
            """
            SELECT 'host ' || h.name || ' counts other resources as used than its claims add up to' AS sentence
            FROM hosts AS h LEFT JOIN (
                SELECT host_id, sum(vcpus) AS vcpus, sum(memory_mb) AS memory_mb, sum(disk_gb) AS disk_gb
                FROM claims GROUP BY host_id
            ) AS c ON c.host_id = h.uuid
            WHERE (h.vcpus_used, h.memory_mb_used, h.local_gb_used)
                <> (coalesce(c.vcpus, 0), coalesce(c.memory_mb, 0), coalesce(c.disk_gb, 0))
            UNION ALL
            SELECT 'instance ' || i.uuid || ' is deleted and still has a claim'
            FROM claims AS c JOIN instances AS i ON i.uuid = c.instance_uuid
            WHERE i.vm_state = \(VMState.deleted.rawValue)
            UNION ALL
            SELECT 'instance ' || i.uuid || ' has its claim on another host than its own'
            FROM claims AS c JOIN instances AS i ON i.uuid = c.instance_uuid
            WHERE c.host_id IS DISTINCT FROM i.host_id
            """
        ) { row throws(StoreError) in try row.text("sentence") }
    }
}
