import StatorObjects

/// A message with a field of every kind that protobuf-c knows: single, as a list, and as a packed list; with numbers
/// whose tags have one to five bytes; and containing itself. The contract has none such, so its C code is made here.
struct EveryKind: VersionedMessage {
    static let schema: MessageSchema = MessageSchema(
        name: "test.EveryKind", version: ObjectVersion(1, 1), descriptor: CDescriptor.everyKind,
        fields: members.map(\.schema))

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

    /// As protobuf-c numbers its types.
    enum CType: UInt32, CaseIterable {
        case int32, sint32, sfixed32, int64, sint64, sfixed64, uint32, fixed32, uint64, fixed64, float, double, bool
        case enumeration
        case bytes = 15
        case message = 16

        /// The kind with the same wire type.
        var kind: FieldKind {
            switch self {
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
        }

        var size: Int {
            switch self {
            case .int32, .sint32, .sfixed32, .uint32, .fixed32, .float, .bool, .enumeration: 4
            case .int64, .sint64, .sfixed64, .uint64, .fixed64, .double, .message: 8
            case .bytes: 16
            }
        }
    }

    struct Member {
        let number: UInt32
        let type: CType
        let isRepeated: Bool
        let isPacked: Bool

        var schema: FieldSchema {
            FieldSchema(
                number, "field_\(number)", type.kind, isRepeated: isRepeated,
                since: type == .sint64 ? ObjectVersion(1, 1) : nil, lengthMax: isRepeated ? 100_000 : nil)
        }
    }

    static let members: [Member] = {
        var members: [Member] = []
        for (position, type) in CType.allCases.enumerated() {
            let place = UInt32(position)
            members.append(Member(number: 1 + place, type: type, isRepeated: false, isPacked: false))
            members.append(Member(number: 2_000 + place * 8, type: type, isRepeated: true, isPacked: false))
            let isPacked = type != .bytes && type != .message
            let number: UInt32 = [70_000, 3_000_000, 400_000_000][position % 3] + place
            members.append(Member(number: number, type: type, isRepeated: true, isPacked: isPacked))
        }
        return members.sorted { $0.number < $1.number }
    }()
}

/// protobuf-c's descriptors, laid out by hand as on all 64-bit systems.
enum CDescriptor {
    private static let descriptorSize = 120
    private static let fieldSize = 72

    nonisolated(unsafe) static let everyKind: UnsafeRawPointer = make()
    private static let structSize: Int = layout().size

    /// Where each member lies: its value, and its flag or count.
    private static func layout() -> (offsets: [(value: Int, quantifier: Int)], size: Int) {
        // Behind the header that all messages have.
        var end = 24
        func place(_ size: Int) -> Int {
            let offset = (end + min(size, 8) - 1) / min(size, 8) * min(size, 8)
            end = offset + size
            return offset
        }
        let offsets = EveryKind.members.map { member in
            if member.isRepeated {
                let count = place(8)
                return (value: place(8), quantifier: count)
            }
            if member.type == .message { return (value: place(8), quantifier: 0) }
            let flag = place(4)
            return (value: place(member.type.size), quantifier: flag)
        }
        return (offsets, place(8))
    }

    private static func make() -> UnsafeRawPointer {
        let members = EveryKind.members
        let (offsets, size) = layout()
        let descriptor = UnsafeMutableRawPointer.allocate(byteCount: descriptorSize, alignment: 8)
        let fields = UnsafeMutableRawPointer.allocate(byteCount: fieldSize * members.count, alignment: 8)
        let ranges = UnsafeMutableRawPointer.allocate(byteCount: 8 * (members.count + 1), alignment: 8)
        descriptor.initializeMemory(as: UInt8.self, repeating: 0, count: descriptorSize)
        fields.initializeMemory(as: UInt8.self, repeating: 0, count: fieldSize * members.count)
        for (index, member) in members.enumerated() {
            let field = fields + index * fieldSize
            field.storeBytes(of: member.number, toByteOffset: 8, as: UInt32.self)
            field.storeBytes(of: member.isRepeated ? 2 : 1, toByteOffset: 12, as: UInt32.self)
            field.storeBytes(of: member.type.rawValue, toByteOffset: 16, as: UInt32.self)
            field.storeBytes(of: UInt32(offsets[index].quantifier), toByteOffset: 20, as: UInt32.self)
            field.storeBytes(of: UInt32(offsets[index].value), toByteOffset: 24, as: UInt32.self)
            field.storeBytes(of: UnsafeRawPointer(descriptor), toByteOffset: 32, as: UnsafeRawPointer.self)
            field.storeBytes(of: member.isPacked ? 1 : 0, toByteOffset: 48, as: UInt32.self)
            ranges.storeBytes(of: member.number, toByteOffset: index * 8, as: UInt32.self)
            ranges.storeBytes(of: UInt32(index), toByteOffset: index * 8 + 4, as: UInt32.self)
        }
        ranges.storeBytes(of: 0, toByteOffset: members.count * 8, as: UInt32.self)
        ranges.storeBytes(of: UInt32(members.count), toByteOffset: members.count * 8 + 4, as: UInt32.self)
        descriptor.storeBytes(of: 0x28AA_EEF9, as: UInt32.self)
        descriptor.storeBytes(of: size, toByteOffset: 40, as: Int.self)
        descriptor.storeBytes(of: UInt32(members.count), toByteOffset: 48, as: UInt32.self)
        descriptor.storeBytes(of: UnsafeRawPointer(fields), toByteOffset: 56, as: UnsafeRawPointer.self)
        descriptor.storeBytes(of: UInt32(members.count), toByteOffset: 72, as: UInt32.self)
        descriptor.storeBytes(of: UnsafeRawPointer(ranges), toByteOffset: 80, as: UnsafeRawPointer.self)
        let initialize: @convention(c) (UnsafeMutableRawPointer) -> Void = { message in
            message.initializeMemory(as: UInt8.self, repeating: 0, count: CDescriptor.structSize)
            message.storeBytes(of: CDescriptor.everyKind, as: UnsafeRawPointer.self)
        }
        descriptor.storeBytes(
            of: unsafeBitCast(initialize, to: UnsafeRawPointer.self), toByteOffset: 88, as: UnsafeRawPointer.self)
        return UnsafeRawPointer(descriptor)
    }
}
