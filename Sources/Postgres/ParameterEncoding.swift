/// The parameters of one statement in binary form, one after the other in one buffer.
struct ParameterEncoding {
    /// The protocol counts parameters in 16 bits.
    static let countMax = 65_535

    private(set) var typeIDs: [UInt32] = []
    /// Where each begins; nil: NULL.
    private var offsets: [Int?] = []
    private var lengths: [Int32] = []
    private var writer = BinaryWriter()

    init(_ parameters: [PostgresValue]) throws(PostgresError) {
        guard parameters.count <= Self.countMax else {
            throw PostgresError(.invalidParameter, "a statement takes \(Self.countMax) parameters at most")
        }
        typeIDs.reserveCapacity(parameters.count)
        offsets.reserveCapacity(parameters.count)
        lengths.reserveCapacity(parameters.count)
        writer.reserveCapacity(parameters.count * 16)
        for (index, parameter) in parameters.enumerated() {
            typeIDs.append(parameter.typeID)
            guard parameter != .null else {
                offsets.append(nil)
                lengths.append(0)
                continue
            }
            let start = writer.bytes.count
            do {
                try writer.write(parameter)
            } catch {
                throw PostgresError(error.code, "parameter $\(index + 1): \(error.message)")
            }
            guard let length = Int32(exactly: writer.bytes.count - start) else {
                throw PostgresError(.invalidParameter, "parameter $\(index + 1) is longer than 2 GiB")
            }
            offsets.append(start)
            lengths.append(length)
        }
    }

    /// Lends the pointers, lengths and formats that libpq's calls take; they end with the call.
    func withPointers<R>(
        _ body: (
            _ count: CInt,
            _ values: UnsafePointer<UnsafePointer<CChar>?>?,
            _ lengths: UnsafePointer<CInt>?,
            _ formats: UnsafePointer<CInt>?
        ) -> R
    ) -> R {
        let formats = [CInt](repeating: 1, count: offsets.count)
        // A buffer that is never empty, so that an empty text has an address and is not taken for NULL.
        let bytes = writer.bytes + [0]
        return unsafe bytes.withUnsafeBufferPointer { buffer in
            let base = unsafe UnsafeRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self)
            let values = unsafe offsets.map { offset in
                unsafe offset.flatMap { (offset: Int) in unsafe base.map { unsafe $0 + offset } }
            }
            return unsafe values.withUnsafeBufferPointer { values in
                unsafe lengths.withUnsafeBufferPointer { lengths in
                    unsafe formats.withUnsafeBufferPointer { formats in
                        unsafe body(
                            CInt(offsets.count), values.baseAddress, lengths.baseAddress, formats.baseAddress)
                    }
                }
            }
        }
    }
}

extension BinaryWriter {
    mutating func write(_ parameter: PostgresValue) throws(PostgresError) {
        switch parameter {
        case .null: break
        case .bool(let value): write(UInt8(value ? 1 : 0))
        case .int4(let value): write(value)
        case .int8(let value): write(value)
        case .text(let value): try write(value)
        case .bytea(let value): write(value)
        case .uuid(let value): write(value)
        case .timestamp(let microseconds):
            let (value, overflow) = microseconds.subtractingReportingOverflow(postgresEpochMicroseconds)
            guard !overflow else {
                throw PostgresError(.invalidParameter, "a time before all times")
            }
            write(value)
        case .int4Array(let values): try writeArray(values, of: TypeID.int4) { $0.write($1) }
        case .int8Array(let values): try writeArray(values, of: TypeID.int8) { $0.write($1) }
        case .uuidArray(let values): try writeArray(values, of: TypeID.uuid) { $0.write($1) }
        case .byteaArray(let values): try writeArray(values, of: TypeID.bytea) { $0.write($1) }
        case .textArray(let values):
            try writeArray(values, of: TypeID.text) { (writer, value) throws(PostgresError) in
                try writer.write(value)
            }
        }
    }
}
