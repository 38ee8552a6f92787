/// One row; its values are decoded when they are asked for, by the name of their column.
package struct PostgresRow: Sendable {
    let storage: ResultStorage
    let index: Int

    package func bool(_ name: String) throws(PostgresError) -> Bool {
        try required(name, try boolOrNil(name))
    }

    package func int4(_ name: String) throws(PostgresError) -> Int32 {
        try required(name, try int4OrNil(name))
    }

    package func int8(_ name: String) throws(PostgresError) -> Int64 {
        try required(name, try int8OrNil(name))
    }

    package func text(_ name: String) throws(PostgresError) -> String {
        try required(name, try textOrNil(name))
    }

    package func bytea(_ name: String) throws(PostgresError) -> [UInt8] {
        try required(name, try byteaOrNil(name))
    }

    package func uuid(_ name: String) throws(PostgresError) -> PostgresUUID {
        try required(name, try uuidOrNil(name))
    }

    /// Microseconds since 1970.
    package func timestamp(_ name: String) throws(PostgresError) -> Int64 {
        try required(name, try timestampOrNil(name))
    }

    package func byteaArray(_ name: String) throws(PostgresError) -> [[UInt8]] {
        try required(name, try array(name, of: TypeID.byteaArray) { $0.bytes() })
    }

    package func textArray(_ name: String) throws(PostgresError) -> [String] {
        try required(
            name,
            try array(name, of: TypeID.textArray) { $0.text() })
    }

    package func int4Array(_ name: String) throws(PostgresError) -> [Int32] {
        try required(
            name,
            try array(name, of: TypeID.int4Array) { (reader) throws(PostgresError) in try reader.integer() })
    }

    package func int8Array(_ name: String) throws(PostgresError) -> [Int64] {
        try required(
            name,
            try array(name, of: TypeID.int8Array) { (reader) throws(PostgresError) in try reader.integer() })
    }

    package func uuidArray(_ name: String) throws(PostgresError) -> [PostgresUUID] {
        try required(
            name,
            try array(name, of: TypeID.uuidArray) { (reader) throws(PostgresError) in
                PostgresUUID(high: try reader.integer(), low: try reader.integer())
            })
    }

    package func isNull(_ name: String) throws(PostgresError) -> Bool {
        try storage.handle.withValue(row: index, column: try storage.column(name)) { $0 == nil }
    }
}

extension PostgresRow {
    package func boolOrNil(_ name: String) throws(PostgresError) -> Bool? {
        try read(name, as: [TypeID.bool], "bool") { (reader, _) throws(PostgresError) in
            (try reader.integer() as UInt8) != 0
        }
    }

    package func int4OrNil(_ name: String) throws(PostgresError) -> Int32? {
        try read(name, as: [TypeID.int4, TypeID.int2], "int4") { (reader, typeID) throws(PostgresError) in
            typeID == TypeID.int2 ? Int32(try reader.integer() as Int16) : try reader.integer()
        }
    }

    package func int8OrNil(_ name: String) throws(PostgresError) -> Int64? {
        let types = [TypeID.int8, TypeID.int4, TypeID.int2]
        return try read(name, as: types, "int8") { (reader, typeID) throws(PostgresError) in
            switch typeID {
            case TypeID.int2: Int64(try reader.integer() as Int16)
            case TypeID.int4: Int64(try reader.integer() as Int32)
            default: try reader.integer()
            }
        }
    }

    package func textOrNil(_ name: String) throws(PostgresError) -> String? {
        try read(name, as: [TypeID.text, TypeID.varchar, TypeID.name], "text") { reader, _ in
            reader.text()
        }
    }

    package func byteaOrNil(_ name: String) throws(PostgresError) -> [UInt8]? {
        try read(name, as: [TypeID.bytea], "bytea") { reader, _ in reader.bytes() }
    }

    package func uuidOrNil(_ name: String) throws(PostgresError) -> PostgresUUID? {
        try read(name, as: [TypeID.uuid], "uuid") { (reader, _) throws(PostgresError) in
            PostgresUUID(high: try reader.integer(), low: try reader.integer())
        }
    }

    package func timestampOrNil(_ name: String) throws(PostgresError) -> Int64? {
        try read(name, as: [TypeID.timestamptz], "timestamptz") { (reader, _) throws(PostgresError) in
            let (value, overflow) =
                (try reader.integer() as Int64).addingReportingOverflow(postgresEpochMicroseconds)
            guard !overflow else { throw PostgresError(.decoding, "column \(name) is a time after all times") }
            return value
        }
    }

    private func required<Value>(_ name: String, _ value: Value?) throws(PostgresError) -> Value {
        guard let value else { throw PostgresError(.decoding, "column \(name) is NULL") }
        return value
    }

    private func read<Value>(
        _ name: String,
        as typeIDs: [UInt32],
        _ typeName: String,
        _ decode: (inout BinaryReader, UInt32) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value? {
        let column = try storage.column(name)
        let typeID = storage.handle.columnTypeID(column)
        guard typeIDs.contains(typeID) else {
            throw PostgresError(.decoding, "column \(name) has type \(typeID), not \(typeName)")
        }
        return try storage.handle.withValue(row: index, column: column) { (reader) throws(PostgresError) -> Value? in
            guard var reader else { return nil }
            let value = try decode(&reader, typeID)
            guard reader.isAtEnd else {
                throw PostgresError(.decoding, "column \(name) is longer than its type")
            }
            return value
        }
    }

    private func array<Element>(
        _ name: String,
        of typeID: UInt32,
        _ decode: (inout BinaryReader) throws(PostgresError) -> Element
    ) throws(PostgresError) -> [Element]? {
        try read(name, as: [typeID], "array") { (reader, _) throws(PostgresError) in
            let dimensions: Int32 = try reader.integer()
            _ = try reader.integer() as Int32
            _ = try reader.integer() as UInt32
            guard dimensions > 0 else { return [] }
            guard dimensions == 1 else {
                throw PostgresError(.decoding, "column \(name) is an array of \(dimensions) dimensions")
            }
            let count: Int32 = try reader.integer()
            _ = try reader.integer() as Int32
            var elements: [Element] = []
            for _ in 0..<max(0, count) {
                let length: Int32 = try reader.integer()
                guard length >= 0 else {
                    throw PostgresError(.decoding, "column \(name) is an array with a NULL")
                }
                var element = try reader.slice(Int(length))
                elements.append(try decode(&element))
            }
            return elements
        }
    }
}
