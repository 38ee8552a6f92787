/// A versioned object some of whose fields are declared `LOWERING_CONVERT`: hand-written code translates them.
public protocol ConvertedMessage: VersionedMessage {
    /// Says in older fields what the newer ones say; newer fields that are still set afterwards are dropped.
    static func lower(_ object: inout Self, to version: ObjectVersion) throws(ObjectError)

    /// Says in newer fields what an older sender said in older ones.
    static func raise(_ object: inout Self, from version: ObjectVersion) throws(ObjectError)
}

/// The translations of one object type, as its schema holds them.
public struct MessageConversion: Sendable {
    // No closures, since each call would count references to what they capture.
    private let type: any ConvertedMessage.Type

    public init(_ type: any ConvertedMessage.Type) {
        self.type = type
    }

    func lower(_ content: consuming MessageContent, _ version: ObjectVersion) throws(ObjectError) -> MessageContent {
        try type.lowered(content, to: version)
    }

    func raise(_ content: consuming MessageContent, _ version: ObjectVersion) throws(ObjectError) -> MessageContent {
        try type.raised(content, from: version)
    }
}

extension ConvertedMessage {
    // Consuming, so that the hook has the only reference to the fields, and writes them where they are.

    fileprivate static func lowered(
        _ content: consuming MessageContent, to version: ObjectVersion
    ) throws(ObjectError) -> MessageContent {
        var object = Self(content: consume content)
        try lower(&object, to: version)
        return object.content
    }

    fileprivate static func raised(
        _ content: consuming MessageContent, from version: ObjectVersion
    ) throws(ObjectError) -> MessageContent {
        var object = Self(content: consume content)
        try raise(&object, from: version)
        return object.content
    }
}
