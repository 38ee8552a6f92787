package import StatorObjects

/// Sends random objects of a type to receivers of other versions, and compares what becomes of them with what their
/// declarations say.
package struct LoweringCheck {
    /// How often each thing happened, for a test to see that it has shown something.
    package struct Counts: Equatable {
        package var unchanged = 0
        package var changed = 0
        package var converted = 0
        package var refused = 0

        package init() {}

        package var total: Int { unchanged + changed + converted + refused }
    }

    package private(set) var counts = Counts()

    package init() {}

    /// Checks so many random objects of the type.
    package mutating func run<Message: VersionedMessage>(
        _ type: Message.Type, receiver: Manifest, seed: UInt64, count: Int
    ) throws {
        try run(type, receiver: receiver, seed: seed, count: count, prepare: { _ in })
    }

    /// Checks so many random objects of the type.
    ///
    /// - Parameter prepare: Makes an object one that can occur, where fields depend on each other: a hook that says one
    ///   field in another cannot bring both back when they contradict each other.
    package mutating func run<Message: VersionedMessage>(
        _ type: Message.Type, receiver: Manifest, seed: UInt64, count: Int,
        prepare: (inout Message) -> Void
    ) throws {
        var random = SeededGenerator(seed: seed)
        for round in 0..<count {
            var sample = WireSample(someOf: type.schema, using: &random)
            if round % 16 == 0 { sample = WireSample(of: type.schema, using: &random) }
            if round % 8 == 1 { sample.field(200_000, varint: random.next()) }
            do {
                var message = try Message(decoding: sample.bytes)
                prepare(&message)
                try check(message, receiver)
            } catch {
                throw TestSupportError("\(type.schema.name), seed \(seed), round \(round): \(error)")
            }
        }
    }

    /// Checks one object.
    package mutating func check<Message: VersionedMessage>(_ message: Message, _ receiver: Manifest) throws {
        let schema = Message.schema
        var model = LoweringModel(receiver: receiver)
        let original = try WireTree(message.encodedBytes(), schema)
        let expected = model.lowered(original, schema)
        let bytes: [UInt8]
        do throws(ObjectError) {
            bytes = try message.encodedBytes(for: receiver)
        } catch {
            return try checkRefusal(error, of: message, model, receiver)
        }
        guard model.losses.isEmpty else {
            throw TestSupportError("\(model.losses) would be lost, but \(message) was sent.")
        }
        try message.canLower(to: receiver)
        if model.isConverted {
            counts.converted += 1
        } else {
            counts.changed += model.isChanged ? 1 : 0
            counts.unchanged += model.isChanged ? 0 : 1
            guard try WireTree(bytes, schema) == expected else {
                throw TestSupportError("\(message) was sent as \(try Message(decoding: bytes)).")
            }
        }
        let raised = try Message(decoding: bytes, from: receiver)
        guard try WireTree(raised.encodedBytes(), schema) == expected else {
            throw TestSupportError("\(message) came back as \(raised).")
        }
        guard try WireTree(message.encodedBytes(), schema) == original else {
            throw TestSupportError("\(message) is not what it was before it was sent.")
        }
    }

    private mutating func checkRefusal(
        _ error: ObjectError, of message: some VersionedMessage, _ model: LoweringModel, _ receiver: Manifest
    ) throws {
        counts.refused += 1
        let isDeclared = model.losses.contains(LoweringModel.Loss(object: error.object, field: error.field))
        // A hook may refuse what it cannot say.
        guard error.code == .lostInLowering, isDeclared || model.isConverted else {
            throw TestSupportError("\(message) was refused: \(error)")
        }
        do throws(ObjectError) {
            try message.canLower(to: receiver)
        } catch let second {
            guard second == error else { throw TestSupportError("canLower says \(second), encoding says \(error).") }
            return
        }
        throw TestSupportError("\(message) was refused, but canLower says nothing.")
    }
}

extension Manifest {
    /// Manifests of receivers that are older in one object: for each object that such a message can hold, each version
    /// with the same major number below its own; and one that is older in all of them.
    package func older(for schema: MessageSchema) -> [Manifest] {
        var names: Set<String> = []
        Self.collect(schema, into: &names)
        var manifests: [Manifest] = []
        for name in names.sorted() {
            guard let own = versions[name] else { continue }
            for minor in 0..<own.minor {
                manifests.append(Manifest(versions.merging([name: ObjectVersion(own.major, minor)]) { $1 }))
            }
        }
        if manifests.count > 1 {
            manifests.append(Manifest(versions.mapValues { ObjectVersion($0.major, 0) }))
        }
        return manifests
    }

    private static func collect(_ schema: MessageSchema, into names: inout Set<String>) {
        guard names.insert(schema.name).inserted else { return }
        for field in schema.fields {
            guard case .message(let nested) = field.kind else { continue }
            collect(nested(), into: &names)
        }
    }
}
