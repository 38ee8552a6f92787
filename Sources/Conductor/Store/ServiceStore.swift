internal import Postgres
package import StatorObjects

/// The table `services`: the running daemons of the control plane.
package struct ServiceStore: Sendable {
    private let session: StoreSession

    init(_ session: StoreSession) {
        self.session = session
    }

    /// Registers a daemon, or renews its registration with what it says now; it keeps its uuid.
    package func register(
        binary: String, name: String, release: String, version: UInt32, address: String?, lease: Duration
    ) async throws(StoreError) -> ServiceRecord {
        let registered = try await session.row(
            """
            INSERT INTO services AS v (uuid, binary_name, name, release, version, address, lease_until, last_seen_up,
                generation)
            SELECT $1, $2, $3, $4, $5, $6::text, now + $7, now, 1 FROM (SELECT stator_now() AS now) AS clock
            ON CONFLICT (binary_name, name) DO UPDATE SET release = excluded.release, version = excluded.version,
                address = excluded.address, lease_until = excluded.lease_until, last_seen_up = excluded.last_seen_up,
                generation = v.generation + 1
            RETURNING \(Self.columns)
            """,
            [
                .id(.random()), .text(binary), .text(name), .text(release), .number(version), .text(orNil: address),
                .duration(lease),
            ],
            Self.decode)
        guard let registered else { throw StoreError(.internal, "service \(name) was written but not returned") }
        return registered
    }

    /// Prolongs the lease, and nothing else. Throws `.notFound`.
    package func renew(_ uuid: ObjectID, lease: Duration) async throws(StoreError) {
        let renewed = try await session.execute(
            """
            UPDATE services SET lease_until = now + $2, last_seen_up = now FROM (SELECT stator_now() AS now) AS clock
            WHERE uuid = $1
            """,
            [.id(uuid), .duration(lease)])
        guard renewed > 0 else { throw StoreError(.notFound, "there is no service \(uuid)") }
    }

    /// Ends the lease of a daemon that stops.
    package func withdraw(_ uuid: ObjectID) async throws(StoreError) {
        try await session.execute(
            "UPDATE services SET lease_until = least(lease_until, stator_now()) WHERE uuid = $1", [.id(uuid)])
    }

    /// Of one binary or all, by binary and name.
    package func list(binary: String? = nil) async throws(StoreError) -> [ServiceRecord] {
        try await session.rows(
            """
            SELECT \(Self.columns) FROM services AS v WHERE $1::text IS NULL OR v.binary_name = $1
            ORDER BY v.binary_name, v.name
            """,
            [.text(orNil: binary)], Self.decode)
    }

    package func find(binary: String, name: String) async throws(StoreError) -> ServiceRecord? {
        try await session.row(
            "SELECT \(Self.columns) FROM services AS v WHERE v.binary_name = $1 AND v.name = $2",
            [.text(binary), .text(name)], Self.decode)
    }

    private static let columns = """
        v.uuid, v.binary_name, v.name, v.release, v.version, v.address,
        v.lease_until > (SELECT stator_now()) AS is_up, v.last_seen_up, v.generation
        """

    private static func decode(_ row: StoredRow) throws(StoreError) -> ServiceRecord {
        ServiceRecord(
            uuid: try row.id("uuid"),
            binary: try row.text("binary_name"),
            name: try row.text("name"),
            release: try row.text("release"),
            version: try row.unsigned("version"),
            address: try row.textOrNil("address"),
            isUp: try row.bool("is_up"),
            lastSeenUp: try row.time("last_seen_up"),
            generation: try row.int64("generation"))
    }
}
