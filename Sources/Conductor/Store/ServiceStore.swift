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
            WITH noted AS (\(Self.noting(binary: "$2", name: "$3", release: "$4", version: "$5")))
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

    /// Daemons and hosts alike, by binary and name; hosts are those of stator-compute.
    ///
    /// - Parameters:
    ///   - binary: Of this binary only.
    ///   - seenWithin: Those that are up or were last seen up no longer ago than that, whether their leases have ended
    ///     or were given back; nil: all.
    package func fleet(
        binary: String? = nil, seenWithin: Duration? = nil
    ) async throws(StoreError) -> [ServiceRecord] {
        try await session.rows(
            """
            SELECT \(Self.columns) FROM (
                SELECT uuid, binary_name, name, release, version, address, lease_until, last_seen_up, generation
                FROM services
                UNION ALL
                SELECT h.uuid, '\(Self.hostBinary)', h.name, h.release, h.service_version, NULL, s.lease_until,
                    s.last_seen_up, h.generation
                FROM hosts AS h JOIN host_sessions AS s ON s.host_id = h.uuid
            ) AS v
            WHERE ($1::text IS NULL OR v.binary_name = $1)
                AND ($2::bigint IS NULL
                    OR greatest(v.lease_until, v.last_seen_up + $2) > (SELECT stator_now()))
            ORDER BY v.binary_name, v.name
            """,
            [.text(orNil: binary), seenWithin.map { .duration($0) } ?? .null], Self.decode)
    }

    /// Writes down that a host is of another release or service version than before, in the transaction that
    /// registers it.
    func noteHost(name: String, release: String, version: UInt32) async throws(StoreError) {
        try await session.execute(
            Self.noting(binary: "$1", name: "$2", release: "$3", version: "$4"),
            [.text(Self.hostBinary), .text(name), .text(release), .number(version)])
    }

    /// What the daemon of that name has run, oldest first.
    package func versions(binary: String, name: String) async throws(StoreError) -> [ServiceVersionRecord] {
        try await session.rows(
            """
            SELECT release, version, seen_at FROM service_versions WHERE binary_name = $1 AND name = $2
            ORDER BY seen_at
            """,
            [.text(binary), .text(name)]
        ) { row throws(StoreError) in
            ServiceVersionRecord(
                release: try row.text("release"), version: try row.unsigned("version"), seenAt: try row.time("seen_at"))
        }
    }

    /// The name under which hosts are listed among the services.
    package static let hostBinary = "stator-compute"

    /// Inserts a row of history when the last one of that name says something else.
    private static func noting(binary: String, name: String, release: String, version: String) -> String {
        """
        INSERT INTO service_versions (binary_name, name, seen_at, release, version)
        SELECT \(binary)::text, \(name)::text, stator_now(), \(release)::text, \(version)::bigint
        WHERE NOT EXISTS (
            SELECT FROM (
                SELECT n.release, n.version FROM service_versions AS n
                WHERE n.binary_name = \(binary)::text AND n.name = \(name)::text ORDER BY n.seen_at DESC LIMIT 1
            ) AS last
            WHERE last.release = \(release)::text AND last.version = \(version)::bigint
        )
        ON CONFLICT DO NOTHING
        """
    }

    private static let columns = """
        v.uuid, v.binary_name, v.name, v.release, v.version, v.address,
        v.lease_until > (SELECT stator_now()) AS is_up, v.last_seen_up, v.generation,
        (SELECT max(n.seen_at) FROM service_versions AS n WHERE n.binary_name = v.binary_name AND n.name = v.name)
            AS version_since
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
            generation: try row.int64("generation"),
            versionSince: try row.timeOrNil("version_since"))
    }
}
