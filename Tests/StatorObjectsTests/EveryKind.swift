import StatorObjects

/// A message with a field of every kind that protobuf-c knows: single, as a list, and as a packed list; with numbers
/// whose tags have one to five bytes; and containing itself. The contract has none such, so its C code is made here.
struct EveryKind: VersionedMessage {
    static let schema: MessageSchema = MessageSchema(
        name: "test.EveryKind", version: ObjectVersion(1, 1), descriptor: CDescriptor.make(members, number: 0),
        fields: members.map(schema(of:)))

    enum Sign: Int32, MessageEnum {
        case least = -2_147_483_648
        case below = -1
        case zero = 0
        case greatest = 2_147_483_647

        static let schema = EnumSchema(
            name: "test.EveryKind.Sign",
            values: [
                EnumValueSchema(.min, "least"), EnumValueSchema(-1, "below", since: ObjectVersion(1, 1)),
                EnumValueSchema(0, "zero"), EnumValueSchema(.max, "greatest"),
            ])
    }

    var content: MessageContent

    init(content: MessageContent) {
        self.content = content
    }

    static let members: [CMember] = {
        var members: [CMember] = []
        for (position, type) in CType.allCases.enumerated() {
            let place = UInt32(position)
            members.append(CMember(number: 1 + place, type: type))
            members.append(CMember(number: 2_000 + place * 8, type: type, isRepeated: true))
            let isPacked = type != .bytes && type != .message
            let number: UInt32 = [70_000, 3_000_000, 400_000_000][position % 3] + place
            members.append(CMember(number: number, type: type, isRepeated: true, isPacked: isPacked))
        }
        return members.sorted { $0.number < $1.number }
    }()

    private static func schema(of member: CMember) -> FieldSchema {
        let kind: FieldKind =
            switch member.type {
            case .int32, .sint32: .int32
            case .int64, .sint64: .int64
            case .uint32: .uint32
            case .uint64: .uint64
            case .bool: .bool
            case .sfixed32, .fixed32, .float: .float
            case .sfixed64, .fixed64, .double: .double
            case .enumeration: .enumeration(Sign.schema)
            case .bytes: .string
            case .message: .message { EveryKind.schema }
            }
        return FieldSchema(
            member.number, "field_\(member.number)", kind, isRepeated: member.isRepeated,
            since: member.type == .sint64 ? ObjectVersion(1, 1) : nil,
            lengthMax: member.isRepeated ? 100_000 : nil)
    }
}
