package import ComputeMessages
internal import Postgres
internal import StatorObjects

/// The table `flavors`.
package struct FlavorStore: Sendable {
    private let session: StoreSession

    init(_ session: StoreSession) {
        self.session = session
    }

    /// Writes a new flavor under its uuid, or under a new one when it has none. Throws `.alreadyExists` when its name is
    /// taken.
    package func create(_ flavor: Flavor) async throws(StoreError) -> Flavor {
        let name = flavor.name ?? ""
        let created: Flavor?
        do throws(StoreError) {
            created = try await session.row(
                """
                INSERT INTO flavors AS f (uuid, name, vcpus, memory_mb, root_gb, description, created_at, generation)
                VALUES ($1, $2, $3, $4, $5, $6, stator_now(), 1) RETURNING \(Self.columns)
                """,
                [
                    .id(flavor.uuid ?? .random()), .text(name), .number(flavor.vcpus ?? 0),
                    .number(flavor.memoryMb ?? 0), .number(flavor.rootGb ?? 0), .text(orNil: flavor.description),
                ],
                Self.decode)
        } catch {
            guard error.code == .alreadyExists else { throw error }
            throw StoreError(.alreadyExists, "there is a flavor \(name) already")
        }
        guard let created else { throw StoreError(.internal, "flavor \(name) was written but not returned") }
        return created
    }

    /// All, by name; the first of them, when there are more than an answer can list.
    package func list() async throws(StoreError) -> [Flavor] {
        try await session.rows(
            "SELECT \(Self.columns) FROM flavors AS f ORDER BY f.name LIMIT $1",
            [.number(FieldSchema.elementCountMaxDefault)], Self.decode)
    }

    /// By its uuid's text or its name.
    package func find(_ nameOrUUID: String) async throws(StoreError) -> Flavor {
        let found = try await session.row(
            """
            SELECT \(Self.columns) FROM flavors AS f WHERE f.uuid = $1::uuid OR f.name = $2
            ORDER BY f.uuid = $1::uuid DESC NULLS LAST LIMIT 1
            """,
            [.id(orNil: ObjectID(nameOrUUID)), .text(nameOrUUID)], Self.decode)
        guard let found else { throw StoreError(.notFound, "there is no flavor \(nameOrUUID)") }
        return found
    }

    private static let columns = """
        f.uuid, f.name, f.vcpus, f.memory_mb, f.root_gb, f.description, f.created_at, f.generation
        """

    private static func decode(_ row: StoredRow) throws(StoreError) -> Flavor {
        var flavor = Flavor()
        flavor.uuid = try row.id("uuid")
        flavor.name = try row.text("name")
        flavor.vcpus = try row.unsigned("vcpus")
        flavor.memoryMb = try row.unsigned("memory_mb")
        flavor.rootGb = try row.unsigned("root_gb")
        flavor.description = try row.textOrNil("description")
        flavor.createdAt = try row.time("created_at")
        flavor.generation = try row.unsigned("generation")
        flavor.clearChanges()
        return flavor
    }
}
