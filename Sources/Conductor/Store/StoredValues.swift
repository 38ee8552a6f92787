internal import ComputeMessages
internal import Postgres
internal import StatorObjects

// The domain's values as parameters.
extension PostgresValue {
    static func id(_ id: ObjectID) -> PostgresValue {
        .uuid(PostgresUUID(high: id.high, low: id.low))
    }

    static func id(orNil id: ObjectID?) -> PostgresValue {
        id.map { .id($0) } ?? .null
    }

    static func ids(_ ids: [ObjectID]) -> PostgresValue {
        .uuidArray(ids.map { PostgresUUID(high: $0.high, low: $0.low) })
    }

    static func text(orNil text: String?) -> PostgresValue {
        text.map { .text($0) } ?? .null
    }

    static func bytes(orNil bytes: [UInt8]?) -> PostgresValue {
        bytes.map { .bytea($0) } ?? .null
    }

    static func time(orNil time: Timestamp?) -> PostgresValue {
        time.map { .int8($0.microsecondsSinceEpoch) } ?? .null
    }

    static func number(_ number: UInt32) -> PostgresValue {
        .int8(Int64(number))
    }

    static func number(_ number: Int) -> PostgresValue {
        .int8(Int64(number))
    }

    /// Sequence numbers and epochs come from outside; the database counts to half of what they can be.
    static func number(_ number: UInt64, _ name: String) throws(StoreError) -> PostgresValue {
        guard let value = Int64(exactly: number) else {
            throw StoreError(.invalidArgument, "\(name) \(number) is too large")
        }
        return .int8(value)
    }

    static func state(_ state: some RawRepresentable<Int32>) -> PostgresValue {
        .int4(state.rawValue)
    }

    static func states(_ states: [some RawRepresentable<Int32>]) -> PostgresValue {
        .int4Array(states.map(\.rawValue))
    }

    /// In microseconds, as all times are stored.
    static func duration(_ duration: Duration) -> PostgresValue {
        .int8(Timestamp(microsecondsSinceEpoch: 0).advanced(by: duration).microsecondsSinceEpoch)
    }

    static func object(_ message: some VersionedMessage) throws(StoreError) -> PostgresValue {
        .bytea(try StoredObject.encode(message))
    }

    static func object(orNil message: (some VersionedMessage)?) throws(StoreError) -> PostgresValue {
        guard let message else { return .null }
        return try .object(message)
    }

    static func objects(_ messages: [some VersionedMessage]) throws(StoreError) -> PostgresValue {
        var blobs: [[UInt8]] = []
        for message in messages {
            blobs.append(try StoredObject.encode(message))
        }
        return .byteaArray(blobs)
    }

    static func version(_ type: (some VersionedMessage).Type) -> PostgresValue {
        .text(StoredObject.version(of: type))
    }
}
