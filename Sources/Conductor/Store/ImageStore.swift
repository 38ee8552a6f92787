package import ComputeMessages
internal import Postgres
package import StatorObjects

/// The images that hosts hold. There is no other list of images: an image that several hosts hold with different
/// checksums counts as the one that most hosts that are up have.
package struct ImageStore: Sendable {
    private let session: StoreSession

    init(_ session: StoreSession) {
        self.session = session
    }

    /// One of each uuid, by name; the first of them, when there are more than an answer can list.
    package func list() async throws(StoreError) -> [Image] {
        try await session.rows(
            "\(Self.selection) ORDER BY c.name, c.image_uuid LIMIT $1",
            [.number(FieldSchema.elementCountMaxDefault)], Self.decode)
    }

    /// By its uuid's text or its name. Throws `.notFound`, or `.ambiguousName` with the count of those that bear it.
    package func find(_ nameOrUUID: String) async throws(StoreError) -> Image {
        if let uuid = ObjectID(nameOrUUID) {
            let found = try await session.row(
                "\(Self.selection) WHERE c.image_uuid = $1", [.id(uuid)], Self.decode)
            if let found { return found }
        }
        let named = try await session.rows(
            "\(Self.selection) WHERE c.name = $1", [.text(nameOrUUID)], Self.decode)
        guard let first = named.first else { throw StoreError(.notFound, "there is no image \(nameOrUUID)") }
        guard named.count == 1 else {
            throw StoreError(.ambiguousName, "\(named.count) images are named \(nameOrUUID)", count: named.count)
        }
        return first
    }

    /// Those of one host, by name.
    package func list(hostID: ObjectID) async throws(StoreError) -> [Image] {
        try await session.rows(
            "SELECT image, image_version FROM host_images WHERE host_id = $1 ORDER BY name, image_uuid",
            [.id(hostID)], Self.decode)
    }

    private static let selection = "SELECT c.image, c.image_version FROM (\(catalogue)) AS c"

    private static let catalogue = """
        SELECT DISTINCT ON (v.image_uuid) v.image_uuid, v.name, v.image, v.image_version
        FROM (
            SELECT m.image_uuid, m.checksum, m.name, m.image, m.image_version,
                count(*) FILTER (WHERE s.lease_until > (SELECT stator_now())) OVER variant AS up_count,
                count(*) OVER variant AS host_count
            FROM host_images AS m LEFT JOIN host_sessions AS s ON s.host_id = m.host_id
            WINDOW variant AS (PARTITION BY m.image_uuid, m.checksum)
        ) AS v
        ORDER BY v.image_uuid, v.up_count DESC, v.host_count DESC, v.checksum, v.name
        """

    private static func decode(_ row: StoredRow) throws(StoreError) -> Image {
        try row.object("image")
    }
}
