internal import ComputeMessages
internal import ComputeObjects
internal import Postgres
internal import StatorObjects

/// A row as the stores read it: in the domain's types, with errors of the store.
struct StoredRow {
    private let row: PostgresRow

    init(_ row: PostgresRow) {
        self.row = row
    }

    func id(_ column: String) throws(StoreError) -> ObjectID {
        ObjectID(try read { row throws(PostgresError) in try row.uuid(column) })
    }

    func idOrNil(_ column: String) throws(StoreError) -> ObjectID? {
        try read { row throws(PostgresError) in try row.uuidOrNil(column) }.map(ObjectID.init)
    }

    func text(_ column: String) throws(StoreError) -> String {
        try read { row throws(PostgresError) in try row.text(column) }
    }

    func textOrNil(_ column: String) throws(StoreError) -> String? {
        try read { row throws(PostgresError) in try row.textOrNil(column) }
    }

    func texts(_ column: String) throws(StoreError) -> [String] {
        try read { row throws(PostgresError) in try row.textArray(column) }
    }

    func bool(_ column: String) throws(StoreError) -> Bool {
        try read { row throws(PostgresError) in try row.bool(column) }
    }

    func boolOrNil(_ column: String) throws(StoreError) -> Bool? {
        try read { row throws(PostgresError) in try row.boolOrNil(column) }
    }

    func bytes(_ column: String) throws(StoreError) -> [UInt8] {
        try read { row throws(PostgresError) in try row.bytea(column) }
    }

    func bytesOrNil(_ column: String) throws(StoreError) -> [UInt8]? {
        try read { row throws(PostgresError) in try row.byteaOrNil(column) }
    }

    func int64(_ column: String) throws(StoreError) -> Int64 {
        try read { row throws(PostgresError) in try row.int8(column) }
    }

    /// A column whose CHECK keeps it in the type's range.
    func unsigned<Number: FixedWidthInteger & UnsignedInteger>(_ column: String) throws(StoreError) -> Number {
        let value = try int64(column)
        guard let number = Number(exactly: value) else {
            throw StoreError(.internal, "column \(column) holds \(value), which is out of range")
        }
        return number
    }

    func time(_ column: String) throws(StoreError) -> Timestamp {
        Timestamp(microsecondsSinceEpoch: try int64(column))
    }

    func timeOrNil(_ column: String) throws(StoreError) -> Timestamp? {
        try read { row throws(PostgresError) in try row.int8OrNil(column) }
            .map(Timestamp.init(microsecondsSinceEpoch:))
    }

    /// A state's number, whichever release wrote it.
    func stateNumber<State: MessageEnum>(_ column: String) throws(StoreError) -> StateNumber<State> {
        StateNumber(try read { row throws(PostgresError) in try row.int4(column) })
    }

    /// A versioned object in `column`, its version in `<column>_version`.
    func object<Message: VersionedMessage>(_ column: String) throws(StoreError) -> Message {
        guard let message: Message = try objectOrNil(column) else {
            throw StoreError(.internal, "column \(column) holds no \(Message.schema.shortName)")
        }
        return message
    }

    func objectOrNil<Message: VersionedMessage>(_ column: String) throws(StoreError) -> Message? {
        guard let bytes = try bytesOrNil(column) else { return nil }
        return try StoredObject.decode(bytes, version: try text("\(column)_version"))
    }

    func objects<Message: VersionedMessage>(_ column: String) throws(StoreError) -> [Message] {
        let blobs = try read { row throws(PostgresError) in try row.byteaArray(column) }
        let version = try text("\(column)_version")
        var messages: [Message] = []
        for blob in blobs {
            messages.append(try StoredObject.decode(blob, version: version))
        }
        return messages
    }

    private func read<Value>(_ body: (PostgresRow) throws(PostgresError) -> Value) throws(StoreError) -> Value {
        do throws(PostgresError) {
            return try body(row)
        } catch {
            throw StoreError(error)
        }
    }
}

/// Versioned objects as they lie in a row: encoded, with the version that they were encoded at beside them, so that what
/// a newer release stored is kept by an older one.
enum StoredObject {
    static func version<Message: VersionedMessage>(of type: Message.Type) -> String {
        Message.schema.version?.description ?? ""
    }

    static func encode(_ message: some VersionedMessage) throws(StoreError) -> [UInt8] {
        do throws(ObjectError) {
            return try message.encodedBytes()
        } catch {
            throw StoreError(.invalidArgument, error.message)
        }
    }

    static func decode<Message: VersionedMessage>(_ bytes: [UInt8], version: String) throws(StoreError) -> Message {
        let schema = Message.schema
        guard let writtenAt = ObjectVersion(version) else {
            throw StoreError(.internal, "a stored \(schema.shortName) has the version '\(version)'")
        }
        do throws(ObjectError) {
            return try Message(decoding: bytes, from: Manifest([schema.name: writtenAt]))
        } catch {
            throw StoreError(.internal, "a stored \(schema.shortName) \(version) cannot be read: \(error.message)")
        }
    }
}

extension ObjectID {
    init(_ uuid: PostgresUUID) {
        self.init(high: uuid.high, low: uuid.low)
    }
}
