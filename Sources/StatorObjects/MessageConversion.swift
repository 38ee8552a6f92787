/// A versioned object some of whose fields are declared `LOWERING_CONVERT`: hand-written code translates them.
public protocol ConvertedMessage: VersionedMessage {
    /// Says in older fields what the newer ones say; newer fields that are still set afterwards are dropped.
    static func lower(_ object: inout Self, to version: ObjectVersion) throws(ObjectError)

    /// Says in newer fields what an older sender said in older ones.
    static func raise(_ object: inout Self, from version: ObjectVersion) throws(ObjectError)
}

/// The translations of one object type, as its schema holds them.
public struct MessageConversion: Sendable {
    // Consuming, so that the hook has the only reference to the fields, and writes them where they are.
    let lower: @Sendable (consuming MessageContent, ObjectVersion) throws(ObjectError) -> MessageContent
    let raise: @Sendable (consuming MessageContent, ObjectVersion) throws(ObjectError) -> MessageContent

    public init<Message: ConvertedMessage>(_ type: Message.Type) {
        lower = { (content, version) throws(ObjectError) in
            var object = Message(content: consume content)
            try Message.lower(&object, to: version)
            return object.content
        }
        raise = { (content, version) throws(ObjectError) in
            var object = Message(content: consume content)
            try Message.raise(&object, from: version)
            return object.content
        }
    }
}
