import ComputeMessages
import StatorObjects
import Testing

/// A gadget as version 1.2 has it, over the C code of Flavor: the size was in MiB up to 1.0, is in bytes since 1.1;
/// two colours came with 1.2.
struct Gadget: ConvertedMessage {
    static let schema = MessageSchema(
        name: "test.Gadget", version: ObjectVersion(1, 2), descriptor: Flavor.schema.descriptor,
        fields: [
            FieldSchema(1, "uuid", .bytes, format: .uuid),
            FieldSchema(2, "name", .string, format: .name),
            FieldSchema(3, "legacy", .uint32, until: ObjectVersion(1, 2)),
            FieldSchema(4, "size_mb", .uint32),
            FieldSchema(5, "colour", .enumeration(Colour.schema)),
            FieldSchema(6, "secret", .string, isSensitive: true),
            FieldSchema(7, "created_at", .int64, format: .timestamp),
            FieldSchema(8, "size_bytes", .uint64, since: ObjectVersion(1, 1), lowering: .convert),
        ],
        conversion: MessageConversion(Gadget.self))

    enum Colour: Int32, MessageEnum {
        case black = 0
        case red = 1
        case green = 2

        static let schema = EnumSchema(
            name: "test.Gadget.Colour",
            values: [
                EnumValueSchema(0, "black"), EnumValueSchema(1, "red", since: ObjectVersion(1, 2)),
                EnumValueSchema(2, "green", since: ObjectVersion(1, 2)),
            ])
    }

    var content: MessageContent

    init(content: MessageContent) {
        self.content = content
    }

    var legacy: UInt32? {
        get { content.uint32(2) }
        set { content.set(2, newValue) }
    }
    var sizeMb: UInt32? {
        get { content.uint32(3) }
        set { content.set(3, newValue) }
    }
    var colour: Colour? {
        get { content.enumeration(4) }
        set { content.set(4, newValue) }
    }
    var secret: String? {
        get { content.string(5) }
        set { content.set(5, newValue) }
    }
    var sizeBytes: UInt64? {
        get { content.uint64(7) }
        set { content.set(7, newValue) }
    }

    static func lower(_ object: inout Gadget, to version: ObjectVersion) throws(ObjectError) {
        guard let bytes = object.sizeBytes else { return }
        guard let megabytes = UInt32(exactly: bytes >> 20), bytes % (1 << 20) == 0 else {
            throw ObjectError(
                .lostInLowering, object: schema.name, field: "size_bytes", message: "\(bytes) are no whole MiB.")
        }
        object.sizeMb = megabytes
    }

    static func raise(_ object: inout Gadget, from version: ObjectVersion) throws(ObjectError) {
        if let megabytes = object.sizeMb, object.sizeBytes == nil {
            object.sizeBytes = UInt64(megabytes) << 20
            object.sizeMb = nil
        }
    }
}

/// A message without a version that carries gadgets; over the C code of CreateFlavorRequest.
private struct GadgetRequest: VersionedMessage {
    static let schema = MessageSchema(
        name: "test.GadgetRequest", descriptor: CreateFlavorRequest.schema.descriptor,
        fields: [FieldSchema(1, "gadget", .message { Gadget.schema })])

    var content: MessageContent

    init(content: MessageContent) {
        self.content = content
    }

    var gadget: Gadget? {
        get { content.message(0) }
        set { content.set(0, newValue) }
    }
}

@Suite struct ConversionTests {
    private let old = Manifest(["test.Gadget": ObjectVersion(1, 0)])

    // Field 5 of Flavor's C code is a number like an enumeration's, so the layouts agree.

    @Test func `a hook says an old object's words on the way out and a new one's on the way in`() throws {
        var gadget = Gadget()
        gadget.sizeBytes = 3 << 20
        var request = GadgetRequest()
        request.gadget = gadget
        let bytes = try request.encodedBytes(for: old)
        let seenByOld = try #require(try GadgetRequest(decoding: bytes).gadget)
        #expect(seenByOld.setFields == ["size_mb"])
        #expect(seenByOld.sizeMb == 3)
        let raised = try #require(try GadgetRequest(decoding: bytes, from: old).gadget)
        #expect(raised.setFields == ["size_bytes"])
        #expect(raised.sizeBytes == 3 << 20)
        #expect(request.gadget == gadget)
        #expect(try Gadget(decoding: gadget.encodedBytes(for: old), from: old) == gadget)
    }

    @Test func `a hook is not asked when nothing is to be converted`() throws {
        var gadget = Gadget()
        gadget.sizeMb = 5
        #expect(try gadget.encodedBytes(for: old) == gadget.encodedBytes())
    }

    @Test func `a hook's refusal is the error`() throws {
        var gadget = Gadget()
        gadget.sizeBytes = 1
        let error = try #require(throws: ObjectError.self) { try gadget.encodedBytes(for: old) }
        #expect(error.message == "1 are no whole MiB.")
    }

    @Test func `an enumeration's value that the receiver lacks takes its field along`() throws {
        var gadget = Gadget()
        gadget.colour = .red
        gadget.sizeMb = 1
        #expect(try Gadget(decoding: gadget.encodedBytes(for: old)).setFields == ["size_mb"])
        #expect(gadget.colour == .red)
        gadget.colour = .black
        #expect(try Gadget(decoding: gadget.encodedBytes(for: old)).colour == .black)
    }

    @Test func `a field that is over is dropped for receivers that no longer have it`() throws {
        var gadget = Gadget()
        gadget.legacy = 1
        let newer = Manifest(["test.Gadget": ObjectVersion(1, 3)])
        #expect(try Gadget(decoding: gadget.encodedBytes(for: newer)) == Gadget())
        #expect(try Gadget(decoding: gadget.encodedBytes(for: old)).legacy == 1)
    }

    @Test func `sensitive values are masked in JSON`() {
        var gadget = Gadget()
        gadget.secret = "password"
        gadget.colour = .green
        #expect(gadget.jsonDescription == #"{"colour":"green","secret":"[masked]"}"#)
        #expect(gadget.description == #"Gadget {"colour":"green","secret":"[masked]"}"#)
    }
}
