/// What is done to an object in memory; a peer is told it by its name, on a line of its standard input.
package enum ObjectOperation: String, Codable, CaseIterable, Sendable {
    /// From the object to bytes for a receiver of the same release.
    case encode
    /// From bytes to the object.
    case decode
    /// The same, and every value read: some decode strings and nested objects only then.
    case decodeAndRead = "decode_and_read"
    /// As `encode`, of the object that can be lowered: what `lower` is compared with.
    case encodeLowerable = "encode_lowerable"
    /// From the object to bytes for a receiver two versions older.
    case lower
    /// What `lower` costs beside encoding: a backport alone.
    case lowerOnly = "lower_only"
    /// A second value, independent of the first.
    case copy
    /// One more reference to an object of a class; what `copy` is compared with.
    case retain = "class_retain"
}

/// An implementation of objects that is measured.
package struct ObjectImplementation: Sendable {
    package enum Name: String, Codable, CaseIterable, Sendable {
        case stator
        case protobufC = "protobuf-c"
        case swiftProtobuf = "swift-protobuf"
        case oslo = "oslo.versionedobjects"

        /// Those that it has.
        package var operations: [ObjectOperation] {
            switch self {
            case .stator: ObjectOperation.allCases
            case .protobufC: [.encode, .decode]
            case .swiftProtobuf: [.encode, .decode, .decodeAndRead, .copy]
            case .oslo: [.encode, .decode, .decodeAndRead, .lower, .lowerOnly, .copy]
            }
        }
    }

    package let name: Name
    let path: String
    /// In front of those that all have.
    let arguments: [String]

    init(_ name: Name, path: String, arguments: [String] = []) {
        self.name = name
        self.path = path
        self.arguments = arguments
    }
}

/// A peer's answer: one line of JSON.
package struct ObjectFigures: Codable, Sendable {
    package var operations: Int
    package var cpuSeconds: Double
    /// The length of the encoded object; 0 where none is encoded or decoded.
    package var bytes: Int

    package init(operations: Int, cpuSeconds: Double, bytes: Int) {
        self.operations = operations
        self.cpuSeconds = cpuSeconds
        self.bytes = bytes
    }

    enum CodingKeys: String, CodingKey {
        case operations
        case cpuSeconds = "cpu_seconds"
        case bytes
    }

    package var cpuMicroseconds: Double { cpuSeconds * 1e6 / Double(operations) }
}
