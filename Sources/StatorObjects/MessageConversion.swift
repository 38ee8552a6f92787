/// A versioned object some of whose fields are declared `LOWERING_CONVERT`: hand-written code translates them.
public protocol ConvertedMessage: VersionedMessage {
    /// Says in older fields what the newer ones say; newer fields that are still set afterwards are dropped.
    static func lower(_ object: inout Self, to version: ObjectVersion) throws(ObjectError)

    /// Says in newer fields what an older sender said in older ones.
    static func raise(_ object: inout Self, from version: ObjectVersion) throws(ObjectError)
}

/// The translations of one object type, as its schema holds them.
public struct MessageConversion: Sendable {
    let lower: @Sendable (inout MessageContent, ObjectVersion) throws(ObjectError) -> Void
    let raise: @Sendable (inout MessageContent, ObjectVersion) throws(ObjectError) -> Void

    public init<Message: ConvertedMessage>(_ type: Message.Type) {
        lower = { (content, version) throws(ObjectError) in
            var object = Message(content: content)
            try Message.lower(&object, to: version)
            content = object.content
        }
        raise = { (content, version) throws(ObjectError) in
            var object = Message(content: content)
            try Message.raise(&object, from: version)
            content = object.content
        }
    }
}
