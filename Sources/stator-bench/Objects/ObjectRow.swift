package import Foundation

/// One line of the result: the median over the rounds.
package struct ObjectRow: Codable, Equatable, Sendable {
    package var implementation: ObjectImplementation.Name
    package var operation: ObjectOperation
    /// For each operation.
    package var cpuMicroseconds: Double
    /// The length of the encoded object; nil where none is encoded or decoded.
    package var bytes: Int?
    /// How many times what Stator needs for the same operation; nil in its own rows.
    package var ratioToStator: Double?

    enum CodingKeys: String, CodingKey {
        case implementation
        case operation
        case cpuMicroseconds = "cpu_us"
        case bytes
        case ratioToStator = "ratio_to_stator"
    }

    /// Nil when nothing was measured.
    package init?(
        _ implementation: ObjectImplementation.Name, _ operation: ObjectOperation, _ figures: [ObjectFigures]
    ) {
        guard let cpu = median(figures.map(\.cpuMicroseconds)) else { return nil }
        self.implementation = implementation
        self.operation = operation
        cpuMicroseconds = cpu.rounded(places: 4)
        bytes = figures.last.flatMap { $0.bytes > 0 ? $0.bytes : nil }
    }
}

/// The rows of all implementations.
package struct ObjectTable {
    package let rows: [ObjectRow]

    package init(_ rows: [ObjectRow]) {
        let stator = rows.filter { $0.implementation == .stator }
        self.rows = rows.map { row in
            var row = row
            if row.implementation != .stator, let own = stator.first(where: { $0.operation == row.operation }) {
                row.ratioToStator = (row.cpuMicroseconds / own.cpuMicroseconds).rounded(places: 2)
            }
            return row
        }
    }

    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return try encoder.encode(rows)
    }

    package var text: String {
        let head = ["object", "program", "CPU µs", "bytes", ": Stator"]
        let lines = ObjectOperation.allCases.flatMap { operation in
            rows.filter { $0.operation == operation }
                .map { row in
                    [
                        operation.title, row.implementation.rawValue, decimal(row.cpuMicroseconds, 3),
                        row.bytes.map(String.init) ?? "–", decimal(row.ratioToStator, 1),
                    ]
                }
        }
        return TextTable(head, lines, textColumns: 2).text + "\n\n" + Requirement.table(requirements).text
    }

    /// The ratios that Stator is held to.
    package var requirements: [Requirement] {
        let asked: [ObjectOperation] = [.encode, .decode, .lower, .lowerOnly]
        return [
            Requirement(
                "lower two versions and encode / encode", .atMost(1.2),
                ratio(.stator, .lower, .stator, .encodeLowerable)),
            Requirement(
                "decode, Stator / protobuf-c's unpack", .atMost(2.5), ratio(.stator, .decode, .protobufC, .decode)),
            Requirement(
                "encode, Stator / protobuf-c's pack", .atMost(1.7), ratio(.stator, .encode, .protobufC, .encode)),
            Requirement(
                "decode, swift-protobuf / Stator", .atLeast(2), ratio(.swiftProtobuf, .decode, .stator, .decode)),
            Requirement(
                "encode, swift-protobuf / Stator", .atLeast(2), ratio(.swiftProtobuf, .encode, .stator, .encode)),
            // Not exactly 1: whether a retain finds its object in the cache is chance.
            Requirement(
                "copy an object / retain one of a class", .atMost(1.5), ratio(.stator, .copy, .stator, .retain)),
        ]
            + asked.map { operation in
                Requirement(
                    "\(operation.title), oslo.versionedobjects / Stator", .atLeast(100),
                    ratio(.oslo, operation, .stator, operation))
            }
    }

    private func ratio(
        _ name: ObjectImplementation.Name, _ operation: ObjectOperation, _ other: ObjectImplementation.Name,
        _ otherOperation: ObjectOperation
    ) -> Double? {
        guard let left = cost(name, operation), let right = cost(other, otherOperation), right > 0 else { return nil }
        return left / right
    }

    private func cost(_ name: ObjectImplementation.Name, _ operation: ObjectOperation) -> Double? {
        rows.first { $0.implementation == name && $0.operation == operation }?.cpuMicroseconds
    }
}

extension ObjectOperation {
    /// In the table.
    fileprivate var title: String {
        switch self {
        case .encode: "encode"
        case .decode: "decode"
        case .decodeAndRead: "decode and read all"
        case .encodeLowerable: "encode what can be lowered"
        case .lower: "lower and encode"
        case .lowerOnly: "lower alone"
        case .copy: "copy"
        case .retain: "retain of a class"
        }
    }
}
