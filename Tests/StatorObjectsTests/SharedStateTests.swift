import ComputeMessages
import StatorObjects
import TestSupport
import Testing

/// What is found out late and kept, asked from many threads at once.
@Suite struct SharedStateTests {
    private let old = Manifest([
        "stator.v1.Instance": ObjectVersion(1, 0), "stator.v1.Flavor": ObjectVersion(1, 0),
        "stator.v1.Image": ObjectVersion(1, 0), "stator.v1.NetworkInterface": ObjectVersion(1, 0),
        "stator.v1.BlockDevice": ObjectVersion(1, 0), "stator.v1.Fault": ObjectVersion(1, 0),
    ])

    // Schemas live for ever; named here, they are no leak.
    private static let unusedSchemas = (0..<50).map { _ in
        MessageSchema(
            name: "stator.v1.Instance", version: ObjectVersion(1, 1), descriptor: Instance.schema.descriptor,
            fields: Instance.schema.fields)
    }
    private static let manySchemas = (0..<700).map { number in
        MessageSchema(
            name: "test.Flavor\(number)", version: ObjectVersion(1, UInt16(number % 3)),
            descriptor: Flavor.schema.descriptor, fields: Flavor.schema.fields)
    }

    private func onManyTasks(_ body: @escaping @Sendable (Int) throws -> Bool) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<32 {
                group.addTask { try body(number) }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }

    @Test func `a schema is first used by many threads`() async throws {
        var sample = WireSample()
        sample.field(10, bytes: [0x12, 0x01, 0x61])
        sample.field(3, bytes: Array("web".utf8))
        let bytes = sample.bytes
        for schema in Self.unusedSchemas {
            try await onManyTasks { _ in
                let content = try bytes.withUnsafeBytes { try MessageContent(decoding: $0, schema: schema, from: nil) }
                let instance = Instance(content: content)
                return try instance.flavor?.name == "a" && instance.encodedBytes(for: old).count == bytes.count
            }
        }
    }

    @Test func `a manifest is first asked by many threads`() async throws {
        var instance = sampleInstance()
        instance.displayDescription = "which version 1.0 lacks"
        let expected = try {
            var instance = instance
            instance.displayDescription = nil
            return try instance.encodedBytes()
        }()
        let message = instance
        for _ in 0..<200 {
            let manifest = Manifest(old.versions)
            try await onManyTasks { _ in try message.encodedBytes(for: manifest) == expected }
        }
    }

    @Test func `a message that many threads share is checked by each or once`() async throws {
        for round in 0..<100 {
            var instance = sampleInstance()
            instance.displayName = round % 2 == 0 ? "right" : "wrong\n"
            let message = instance
            try await onManyTasks { _ in ((try? message.encodedBytes()) != nil) == (round % 2 == 0) }
        }
    }

    @Test func `a manifest that is asked about more messages than it keeps plans for stays right`() throws {
        let schemas = Self.manySchemas
        let manifest = Manifest(Dictionary(uniqueKeysWithValues: schemas.map { ($0.name, ObjectVersion(1, 1)) }))
        for _ in 0..<3 {
            for schema in schemas {
                var content = MessageContent(schema)
                content.set(1, "small")
                #expect(try Flavor(content: content).encodedBytes(for: manifest).count == 7)
            }
        }
        let unknown = Manifest([:])
        let error = try #require(throws: ObjectError.self) { try sampleInstance().encodedBytes(for: unknown) }
        #expect(error.code == .lostInLowering)
    }

    @Test func `manifests are equal by what they say, not by what they were asked`() throws {
        let (asked, fresh) = (Manifest(old.versions), Manifest(old.versions))
        _ = try sampleInstance().encodedBytes(for: asked)
        #expect(asked == fresh)
        #expect(asked.hashValue == fresh.hashValue)
        #expect(asked != Manifest([:]))
        #expect(asked.versions == old.versions)
    }

    @Test func `views stay what they are while their message is written elsewhere`() async throws {
        let message = sampleInstance()
        try await onManyTasks { number in
            var own = message
            let (flavor, devices) = (own.flavor, own.blockDevices)
            for round in 0..<50 {
                own.displayName = "web-\(number)-\(round)"
                own.flavor?.vcpus = UInt32(round)
                own.blockDevices = Array(devices.dropLast())
            }
            return try flavor == message.flavor && devices == message.blockDevices
                && flavor?.encodedBytes() == message.flavor?.encodedBytes()
        }
    }
}
