import Synchronization

/// As protobuf-c numbers its types.
enum CType: UInt32, CaseIterable {
    case int32, sint32, sfixed32, int64, sint64, sfixed64, uint32, fixed32, uint64, fixed64, float, double, bool
    case enumeration
    case bytes = 15
    case message = 16

    var size: Int {
        switch self {
        case .int32, .sint32, .sfixed32, .uint32, .fixed32, .float, .bool, .enumeration: 4
        case .int64, .sint64, .sfixed64, .uint64, .fixed64, .double, .message: 8
        case .bytes: 16
        }
    }
}

/// A member of a C struct for a message.
struct CMember {
    let number: UInt32
    let type: CType
    var isRepeated = false
    var isPacked = false
    /// The descriptor of the messages that it holds; nil: messages of the same kind.
    nonisolated(unsafe) var child: UnsafeRawPointer?
}

/// protobuf-c's descriptors, laid out by hand as on all 64-bit systems.
enum CDescriptor {
    private static let descriptorSize = 120
    private static let fieldSize = 72
    /// Descriptors by their number, with the sizes of their structs, for protobuf-c's functions without context.
    private static let made = Mutex<[Int: (address: UInt, size: Int)]>([:])

    /// A descriptor that lives for ever; each has a number of its own.
    static func make(_ members: [CMember], number: Int) -> UnsafeRawPointer {
        let (offsets, size) = layout(of: members)
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
            let child = member.child ?? UnsafeRawPointer(descriptor)
            field.storeBytes(of: child, toByteOffset: 32, as: UnsafeRawPointer.self)
            field.storeBytes(of: member.isPacked ? 1 : 0, toByteOffset: 48, as: UInt32.self)
        }
        // Numbers that follow each other share a range.
        var rangeCount = 0
        for (index, member) in members.enumerated()
        where index == 0 || members[index - 1].number + 1 != member.number {
            ranges.storeBytes(of: member.number, toByteOffset: rangeCount * 8, as: UInt32.self)
            ranges.storeBytes(of: UInt32(index), toByteOffset: rangeCount * 8 + 4, as: UInt32.self)
            rangeCount += 1
        }
        ranges.storeBytes(of: 0, toByteOffset: rangeCount * 8, as: UInt32.self)
        ranges.storeBytes(of: UInt32(members.count), toByteOffset: rangeCount * 8 + 4, as: UInt32.self)
        descriptor.storeBytes(of: 0x28AA_EEF9, as: UInt32.self)
        descriptor.storeBytes(of: size, toByteOffset: 40, as: Int.self)
        descriptor.storeBytes(of: UInt32(members.count), toByteOffset: 48, as: UInt32.self)
        descriptor.storeBytes(of: UnsafeRawPointer(fields), toByteOffset: 56, as: UnsafeRawPointer.self)
        descriptor.storeBytes(of: UInt32(rangeCount), toByteOffset: 72, as: UInt32.self)
        descriptor.storeBytes(of: UnsafeRawPointer(ranges), toByteOffset: 80, as: UnsafeRawPointer.self)
        descriptor.storeBytes(
            of: unsafeBitCast(initializers[number], to: UnsafeRawPointer.self), toByteOffset: 88,
            as: UnsafeRawPointer.self)
        let address = UInt(bitPattern: descriptor)
        made.withLock { made in
            precondition(made.updateValue((address, size), forKey: number) == nil, "that number was taken")
        }
        return UnsafeRawPointer(descriptor)
    }

    /// Where each member lies: its value, and its flag or count.
    private static func layout(of members: [CMember]) -> (offsets: [(value: Int, quantifier: Int)], size: Int) {
        // Behind the header that all messages have.
        var end = 24
        func place(_ size: Int) -> Int {
            let offset = (end + min(size, 8) - 1) / min(size, 8) * min(size, 8)
            end = offset + size
            return offset
        }
        let offsets = members.map { member in
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

    private static func initialize(_ message: UnsafeMutableRawPointer, number: Int) {
        guard let (address, size) = made.withLock({ $0[number] }) else { return }
        message.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        message.storeBytes(of: address, as: UInt.self)
    }

    private typealias Initializer = @convention(c) (UnsafeMutableRawPointer) -> Void

    private static let initializers: [Initializer] = [
        { initialize($0, number: 0) }, { initialize($0, number: 1) }, { initialize($0, number: 2) },
        { initialize($0, number: 3) }, { initialize($0, number: 4) }, { initialize($0, number: 5) },
        { initialize($0, number: 6) }, { initialize($0, number: 7) }, { initialize($0, number: 8) },
    ]
}
