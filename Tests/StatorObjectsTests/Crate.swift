import StatorObjects

/// What a crate contains: an object of its own, of which 1.1 added a field.
struct Part: VersionedMessage {
    static let schema: MessageSchema = MessageSchema(
        name: "test.Part", version: ObjectVersion(1, 1),
        descriptor: CDescriptor.make(
            [CMember(number: 1, type: .bytes), CMember(number: 2, type: .uint32)], number: 2),
        fields: [
            FieldSchema(1, "name", .string, format: .name),
            FieldSchema(2, "weight", .uint32, since: ObjectVersion(1, 1)),
        ])

    var content: MessageContent

    init(content: MessageContent) {
        self.content = content
    }

    var name: String? {
        get { content.string(0) }
        set { content.set(0, newValue) }
    }
    var weight: UInt32? {
        get { content.uint32(1) }
        set { content.set(1, newValue) }
    }
}

/// An object with maps, and with an enumeration whose newer values have stand-ins; as version 1.3 has it.
struct Crate: VersionedMessage {
    static let schema: MessageSchema = MessageSchema(
        name: "test.Crate", version: ObjectVersion(1, 3), descriptor: CDescriptor.make(members, number: 1),
        fields: [
            FieldSchema(1, "uuid", .bytes, format: .uuid),
            FieldSchema(2, "labels", .message { labelsEntry }, isMap: true, lengthMax: 8),
            FieldSchema(3, "counts", .message { countsEntry }, isMap: true),
            FieldSchema(4, "colours", .message { coloursEntry }, isMap: true),
            FieldSchema(5, "parts", .message { partsEntry }, isMap: true),
            FieldSchema(6, "owners", .message { ownersEntry }, isMap: true),
            FieldSchema(7, "colour", .enumeration(Colour.schema)),
            FieldSchema(8, "strict_colour", .enumeration(Colour.schema), lowering: .refuse),
            FieldSchema(9, "history", .enumeration(Colour.schema), isRepeated: true),
            FieldSchema(
                10, "strict_colours", .message { strictColoursEntry }, isMap: true, lowering: .refuse,
                isSensitive: true),
            FieldSchema(11, "comment", .string, lengthMax: 100, isLazy: true),
            FieldSchema(12, "lid", .message { Part.schema }, since: ObjectVersion(1, 2), isLazy: true),
            FieldSchema(13, "address", .string, format: .ipAddress),
            FieldSchema(14, "password", .string, lengthMax: 10, isSensitive: true),
            FieldSchema(15, "ratio", .double),
            FieldSchema(16, "weights", .int64, isRepeated: true, lengthMax: 4),
        ])

    private static let members: [CMember] = [
        CMember(number: 1, type: .bytes),
        CMember(number: 2, type: .message, isRepeated: true, child: labelsEntry.descriptor),
        CMember(number: 3, type: .message, isRepeated: true, child: countsEntry.descriptor),
        CMember(number: 4, type: .message, isRepeated: true, child: coloursEntry.descriptor),
        CMember(number: 5, type: .message, isRepeated: true, child: partsEntry.descriptor),
        CMember(number: 6, type: .message, isRepeated: true, child: ownersEntry.descriptor),
        CMember(number: 7, type: .enumeration),
        CMember(number: 8, type: .enumeration),
        CMember(number: 9, type: .enumeration, isRepeated: true),
        CMember(number: 10, type: .message, isRepeated: true, child: strictColoursEntry.descriptor),
        CMember(number: 11, type: .bytes),
        CMember(number: 12, type: .message, child: Part.schema.descriptor),
        CMember(number: 13, type: .bytes),
        CMember(number: 14, type: .bytes),
        CMember(number: 15, type: .double),
        CMember(number: 16, type: .int64, isRepeated: true),
    ]

    private static func entry(
        _ name: String, _ number: Int, _ key: FieldSchema, _ keyType: CType, _ value: FieldSchema, _ valueType: CType,
        child: UnsafeRawPointer? = nil
    ) -> MessageSchema {
        MessageSchema(
            name: "test.Crate.\(name)Entry",
            descriptor: CDescriptor.make(
                [CMember(number: 1, type: keyType), CMember(number: 2, type: valueType, child: child)],
                number: number),
            fields: [key, value])
    }

    private static let labelsEntry = entry(
        "Labels", 3, FieldSchema(1, "key", .string, lengthMax: 255), .bytes,
        FieldSchema(2, "value", .string, lengthMax: 16), .bytes)
    private static let countsEntry = entry(
        "Counts", 4, FieldSchema(1, "key", .int32), .int32, FieldSchema(2, "value", .uint64), .uint64)
    private static let coloursEntry = entry(
        "Colours", 5, FieldSchema(1, "key", .string, lengthMax: 255), .bytes,
        FieldSchema(2, "value", .enumeration(Colour.schema)), .enumeration)
    private static let partsEntry = entry(
        "Parts", 6, FieldSchema(1, "key", .string, lengthMax: 255), .bytes,
        FieldSchema(2, "value", .message { Part.schema }), .message, child: Part.schema.descriptor)
    private static let ownersEntry = entry(
        "Owners", 7, FieldSchema(1, "key", .uint32), .uint32, FieldSchema(2, "value", .bytes, format: .uuid), .bytes)
    private static let strictColoursEntry = entry(
        "StrictColours", 8, FieldSchema(1, "key", .string, lengthMax: 255), .bytes,
        FieldSchema(2, "value", .enumeration(Colour.schema)), .enumeration)

    /// Green goes back to red and on to black; grey has none to go back to, and silver has grey only.
    enum Colour: Int32, MessageEnum {
        case black = 0
        case red = 1
        case green = 2
        case grey = 3
        case silver = 4

        static let schema = EnumSchema(
            name: "test.Crate.Colour",
            values: [
                EnumValueSchema(0, "black"),
                EnumValueSchema(1, "red", since: ObjectVersion(1, 1), loweredAs: 0),
                EnumValueSchema(2, "green", since: ObjectVersion(1, 2), loweredAs: 1),
                EnumValueSchema(3, "grey", since: ObjectVersion(1, 2)),
                EnumValueSchema(4, "silver", since: ObjectVersion(1, 3), loweredAs: 3),
            ])
    }

    var content: MessageContent

    init(content: MessageContent) {
        self.content = content
    }

    var uuid: ObjectID? {
        get { content.objectID(0) }
        set { content.set(0, newValue) }
    }
    var labels: [String: String] {
        get { content.map(1) }
        set { content.set(1, newValue) }
    }
    var counts: [Int32: UInt64] {
        get { content.map(2) }
        set { content.set(2, newValue) }
    }
    var colours: [String: Colour] {
        get { content.map(3) }
        set { content.set(3, newValue) }
    }
    var parts: [String: Part] {
        get { content.map(4) }
        set { content.set(4, newValue) }
    }
    var owners: [UInt32: ObjectID] {
        get { content.map(5) }
        set { content.set(5, newValue) }
    }
    var colour: Colour? {
        get { content.enumeration(6) }
        set { content.set(6, newValue) }
    }
    var strictColour: Colour? {
        get { content.enumeration(7) }
        set { content.set(7, newValue) }
    }
    var history: [Colour] {
        get { content.enumerations(8) }
        set { content.set(8, newValue) }
    }
    var strictColours: [String: Colour] {
        get { content.map(9) }
        set { content.set(9, newValue) }
    }
    var comment: String? {
        get { content.string(10) }
        set { content.set(10, newValue) }
    }
    var lid: Part? {
        get { content.message(11) }
        set { content.set(11, newValue) }
    }
    var address: String? {
        get { content.string(12) }
        set { content.set(12, newValue) }
    }
    var password: String? {
        get { content.string(13) }
        set { content.set(13, newValue) }
    }
    var ratio: Double? {
        get { content.double(14) }
        set { content.set(14, newValue) }
    }
    var weights: [Int64] {
        get { content.int64s(15) }
        set { content.set(15, newValue) }
    }
}
