import Postgres
import Testing

@Suite("Values go to the database and come back")
struct PostgresValueTests {
    @Test func `every type makes the round trip`() async throws {
        try await withClient { client, _ in
            let uuid = PostgresUUID(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)
            let rows = try await client.query(
                """
                SELECT $1::bool AS bool, $2::int4 AS int4, $3::int8 AS int8, $4::text AS text, $5::bytea AS bytea,
                    $6::uuid AS uuid, $7::timestamptz AS timestamp, $6::text AS uuid_text
                """,
                [
                    .bool(true), .int4(-5), .int8(.min), .text("grüß Gott \u{1F600}"), .bytea([0, 255, 0]),
                    .uuid(uuid), .timestamp(microsecondsSinceEpoch: 1_700_000_000_123_456),
                ])
            let row = try #require(rows.first)
            #expect(try row.bool("bool"))
            #expect(try row.int4("int4") == -5)
            #expect(try row.int8("int8") == .min)
            #expect(try row.int8("int4") == -5)
            #expect(try row.text("text") == "grüß Gott \u{1F600}")
            #expect(try row.bytea("bytea") == [0, 255, 0])
            #expect(try row.uuid("uuid") == uuid)
            #expect(try row.text("uuid_text") == "01234567-89ab-cdef-fedc-ba9876543210")
            #expect(try row.timestamp("timestamp") == 1_700_000_000_123_456)
        }
    }

    @Test func `arrays make the round trip, empty ones too`() async throws {
        try await withClient { client, _ in
            let uuids = [PostgresUUID(high: 1, low: 2), PostgresUUID(high: .max, low: 0)]
            let sql = "SELECT $1::int4[] AS a, $2::int8[] AS b, $3::text[] AS c, $4::bytea[] AS d, $5::uuid[] AS e"
            let full = try #require(
                try await client.query(
                    sql,
                    [
                        .int4Array([1, -2]), .int8Array([.max, 0]), .textArray(["", "b,\"c"]),
                        .byteaArray([[], [0, 1]]), .uuidArray(uuids),
                    ]
                ).first)
            #expect(try full.int4Array("a") == [1, -2])
            #expect(try full.int8Array("b") == [.max, 0])
            #expect(try full.textArray("c") == ["", "b,\"c"])
            #expect(try full.byteaArray("d") == [[], [0, 1]])
            #expect(try full.uuidArray("e") == uuids)
            let empty = try #require(
                try await client.query(
                    sql, [.int4Array([]), .int8Array([]), .textArray([]), .byteaArray([]), .uuidArray([])]
                ).first)
            #expect(try empty.int4Array("a") == [])
            #expect(try empty.uuidArray("e") == [])
        }
    }

    @Test func `an empty text is not null and null is not empty`() async throws {
        try await withClient { client, _ in
            let row = try #require(
                try await client.query("SELECT $1::text AS empty, $2::text AS null", [.text(""), .null]).first)
            #expect(try row.textOrNil("empty") == "")
            #expect(try row.textOrNil("null") == nil)
            #expect(try row.isNull("null"))
            #expect(await postgresError { _ = try row.text("null") }?.code == .decoding)
        }
    }

    @Test func `a text with a NUL is refused before it is sent`() async throws {
        try await withClient { client, _ in
            let error = await postgresError { _ = try await client.query("SELECT $1::text", [.text("a\0b")]) }
            #expect(error?.code == .invalidParameter)
            #expect(error?.message == "parameter $1: a text for the database contains a NUL")
            let inStatement = await postgresError { _ = try await client.query("SELECT 1 \0") }
            #expect(inStatement?.code == .invalidParameter)
        }
    }

    @Test func `a value read as another type is an error and not a guess`() async throws {
        try await withClient { client, _ in
            let row = try #require(try await client.query("SELECT 'x'::text AS text, 1::int8 AS big").first)
            #expect(await postgresError { _ = try row.int8("text") }?.code == .decoding)
            #expect(await postgresError { _ = try row.int4("big") }?.code == .decoding)
            #expect(await postgresError { _ = try row.text("absent") }?.code == .decoding)
        }
    }

    @Test func `the same statement takes parameters of other types`() async throws {
        try await withClient { client, _ in
            for value in [PostgresValue.int4(1), .int8(1), .text("1"), .int4(2)] {
                let rows = try await client.query("SELECT $1 IS NULL AS x", [value])
                #expect(rows.count == 1)
            }
        }
    }

    @Test func `a result of many rows arrives whole, and so does a large parameter`() async throws {
        try await withClient { client, _ in
            let rows = try await client.query("SELECT g::int8 AS number FROM generate_series(1, 100000) g")
            #expect(rows.count == 100_000)
            #expect(try rows[99_999].int8("number") == 100_000)
            let large = [UInt8](repeating: 7, count: 8_000_000)
            let row = try #require(try await client.query("SELECT $1::bytea AS value", [.bytea(large)]).first)
            #expect(try row.bytea("value") == large)
        }
    }

    @Test func `the count of affected rows is the server's`() async throws {
        try await withClient { client, _ in
            _ = try await client.query("CREATE TABLE t (x int)")
            #expect(try await client.query("INSERT INTO t SELECT generate_series(1, 3)").affectedCount == 3)
            #expect(try await client.query("DELETE FROM t WHERE x > 1").affectedCount == 2)
        }
    }
}
