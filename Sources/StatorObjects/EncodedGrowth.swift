internal import CProtobufC

/// How many times longer than the memory that a message takes in arenas its encoding can be.
///
/// protobuf-c's `get_packed_size` costs about as much as encoding itself. An upper bound of the length follows
/// from what is known anyway, the number of bytes in use in the arenas that hold the message:
///
/// - A message is a tree of blocks: structs, lists, the bytes of strings, the table and the bytes of unknown fields.
///   Each block was allocated from an arena by itself, with its full size, and hangs in one place of the tree. That
///   holds for what protobuf-c decoded (its merging of a field that comes twice moves blocks, it does not share them),
///   for what setters put in (they copy), and for lowered messages, whose replaced structs lie in an arena of their
///   own that is counted too. A view is a part of the tree in its owner's arena, which is not written meanwhile.
/// - A block's own share of the encoding is bounded by its size and the declaration: of a struct, the tags and the
///   greatest length of its numbers, and tag and length of each string and message (the bytes themselves are blocks of
///   their own); of a list, the same for each element; of bytes, as many; of an unknown field, its tag of at most 5
///   bytes against a record of 24.
/// - So the encoding is at most as long as the sum of the blocks' sizes times the greatest ratio of a share to its
///   block's size over all declarations in the tree, and at least 1 for the bytes of strings.
///
/// While it encodes, protobuf-c never writes past what it has encoded in the end: it puts a nested message or packed
/// list right behind the shortest possible length, and moves it up when the length turns out longer.
struct EncodedGrowth: Sendable {
    /// The ratio in eighths, rounded up.
    let eighths: UInt32

    init(eighths: UInt32) {
        self.eighths = eighths
    }

    init(of schemas: some Sequence<MessageSchema>) {
        var eighths = 8
        for schema in schemas {
            let descriptor = unsafe schema.typedDescriptor.pointee
            var structShare = 0
            for index in schema.fields.indices {
                let field = unsafe descriptor.fields[index]
                let share = unsafe Self.share(of: field)
                if schema.layout(index).isRepeated {
                    eighths = max(eighths, Self.eighths(share, of: schema.layout(index).storage.size))
                } else {
                    structShare += share
                }
            }
            eighths = max(eighths, Self.eighths(structShare, of: schema.structSize))
        }
        self.eighths = UInt32(eighths)
    }

    /// The bound for a message that lies in so many bytes of arenas.
    func byteCountMax(usedCount: Int) -> Int {
        let (product, overflow) = usedCount.multipliedReportingOverflow(by: Int(eighths))
        return overflow ? .max : product / 8 + 1
    }

    private static func eighths(_ share: Int, of size: Int) -> Int {
        (share * 8 + size - 1) / size
    }

    /// The greatest length of the tag with a single value or an element, without what a string or message has in it.
    private static func share(of field: ProtobufCFieldDescriptor) -> Int {
        let number = unsafe field.id
        let tag = number < 1 << 4 ? 1 : number < 1 << 11 ? 2 : number < 1 << 18 ? 3 : number < 1 << 25 ? 4 : 5
        // The length of a packed list has at most as many bytes as the list has elements.
        let packed = unsafe field.flags & PROTOBUF_C_FIELD_FLAG_PACKED.rawValue != 0 ? 1 : 0
        let value: Int =
            switch unsafe field.type {
            case PROTOBUF_C_TYPE_BOOL: 1
            case PROTOBUF_C_TYPE_SFIXED32, PROTOBUF_C_TYPE_FIXED32, PROTOBUF_C_TYPE_FLOAT: 4
            case PROTOBUF_C_TYPE_UINT32, PROTOBUF_C_TYPE_SINT32: 5
            // Lengths.
            case PROTOBUF_C_TYPE_BYTES, PROTOBUF_C_TYPE_MESSAGE: 5
            case PROTOBUF_C_TYPE_SFIXED64, PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_TYPE_DOUBLE: 8
            // A negative number has ten bytes, whatever its width.
            default: 10
            }
        return tag + packed + value
    }
}
