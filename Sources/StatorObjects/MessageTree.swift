internal import CProtobufC

/// Facts about a message and every message that it can contain.
final class MessageTree: Sendable {
    struct Object: Sendable {
        let name: String
        let version: ObjectVersion
    }

    /// What every decode and encode needs, in one word.
    struct Facts: Sendable {
        /// Never 0.
        let rawValue: UInt64

        init(rawValue: UInt64) {
            self.rawValue = rawValue
        }

        fileprivate init(mayNestTooDeep: Bool, hasConversions: Bool, hasMaps: Bool, growth: EncodedGrowth) {
            let flags: UInt64 = 1 | (mayNestTooDeep ? 2 : 0) | (hasConversions ? 4 : 0) | (hasMaps ? 8 : 0)
            rawValue = flags | UInt64(growth.eighths) << 32
        }

        var mayNestTooDeep: Bool { rawValue & 2 != 0 }
        var hasConversions: Bool { rawValue & 4 != 0 }
        var hasMaps: Bool { rawValue & 8 != 0 }
        var growth: EncodedGrowth { EncodedGrowth(eighths: UInt32(truncatingIfNeeded: rawValue >> 32)) }
    }

    /// The versioned objects among them.
    let objects: [Object]
    /// Some field is gone in later versions, so that even a newer receiver may lack it.
    let hasRetiredFields: Bool
    let facts: Facts

    init(of root: MessageSchema) {
        var walk = Walk()
        // Nil when messages can contain themselves.
        let depth = walk.depth(of: root)
        let schemas = walk.finished.keys
        objects = schemas.compactMap { schema in
            schema.version.map { Object(name: schema.name, version: $0) }
        }
        hasRetiredFields = schemas.contains { schema in schema.fields.contains { $0.until != nil } }
        facts = Facts(
            mayNestTooDeep: depth.map { $0 > MessageLimits.nestingDepthMax } ?? true,
            hasConversions: schemas.contains { $0.conversion != nil },
            hasMaps: schemas.contains { schema in schema.fields.contains { $0.isMap } },
            growth: EncodedGrowth(of: schemas))
    }

    private struct Walk {
        var finished: [MessageSchema: Int?] = [:]
        private var entered: Set<MessageSchema> = []

        init() {}

        mutating func depth(of schema: MessageSchema) -> Int? {
            if let known = finished[schema] { return known }
            guard entered.insert(schema).inserted else { return nil }
            var depth: Int? = 1
            for index in schema.fields.indices {
                guard let nested = schema.nested(index) else { continue }
                if let below = self.depth(of: nested), let depthSoFar = depth {
                    depth = max(depthSoFar, below + 1)
                } else {
                    depth = nil
                }
            }
            finished[schema] = .some(depth)
            return depth
        }
    }
}
