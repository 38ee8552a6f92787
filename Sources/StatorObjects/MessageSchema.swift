internal import CProtobufC
internal import Synchronization

/// A message as declared: its name, its version when it is a versioned object, its fields, and protobuf-c's descriptor.
@safe public final class MessageSchema: Sendable {
    /// The full name, for example `stator.v1.Instance`.
    public let name: String
    /// Nil for requests and responses, which are not negotiated.
    public let version: ObjectVersion?
    /// By field number, which is also protobuf-c's order.
    public let fields: [FieldSchema]

    let layouts: [FieldLayout]
    /// The indices of the fields whose values the declaration restricts.
    let restrictedFields: [Int]
    let conversion: MessageConversion?
    let structSize: Int
    private let descriptorAddress: UInt
    private let indexByName: [String: Int]
    private let lazyTree = AtomicLazyReference<MessageTree>()

    /// Declares a message over a descriptor that protoc-gen-c generated with strings as bytes.
    ///
    /// - Parameter descriptor: A `const ProtobufCMessageDescriptor *` with the same fields, alive for ever.
    public init(
        name: String, version: ObjectVersion? = nil, descriptor: UnsafeRawPointer, fields: [FieldSchema],
        conversion: MessageConversion? = nil
    ) {
        let typed = unsafe descriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)
        let generated = unsafe UnsafeBufferPointer(start: typed.pointee.fields, count: Int(typed.pointee.n_fields))
        precondition(fields.count == generated.count, "\(name): the schema and the C code have different fields")
        precondition(fields.count <= 128, "\(name): a message has at most 128 fields")
        var layouts: [FieldLayout] = []
        for (index, field) in fields.enumerated() {
            let member = unsafe generated[index]
            let layout = unsafe FieldLayout(member)
            precondition(
                unsafe member.id == field.number && layout?.fits(field) == true,
                "\(name).\(field.name): the schema and the C code differ")
            if let layout { layouts.append(layout) }
        }
        self.name = name
        self.version = version
        self.fields = fields
        self.layouts = layouts
        restrictedFields = fields.indices.filter { fields[$0].isRepeated || fields[$0].kind.isRestricted }
        self.conversion = conversion
        structSize = unsafe typed.pointee.sizeof_message
        descriptorAddress = UInt(bitPattern: descriptor)
        indexByName = Dictionary(uniqueKeysWithValues: fields.enumerated().map { ($1.name, $0) })
    }

    /// The name without its package.
    public var shortName: String {
        guard let dot = name.lastIndex(of: ".") else { return name }
        return String(name[name.index(after: dot)...])
    }

    /// The `const ProtobufCMessageDescriptor *` that was given.
    public var descriptor: UnsafeRawPointer {
        // It was made from a pointer that is not null.
        unsafe UnsafeRawPointer(bitPattern: descriptorAddress).unsafelyUnwrapped
    }

    var typedDescriptor: UnsafePointer<ProtobufCMessageDescriptor> {
        unsafe descriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)
    }

    /// What holds for the message and all that it can contain.
    var tree: MessageTree {
        if let tree = lazyTree.load() { return tree }
        return lazyTree.storeIfNil(MessageTree(of: self))
    }

    func index(of field: String) -> Int? { indexByName[field] }

    func index(ofNumber number: UInt32) -> Int? {
        var lower = 0
        var upper = fields.count
        while lower < upper {
            let middle = (lower + upper) / 2
            if fields[middle].number < number { lower = middle + 1 } else { upper = middle }
        }
        return lower < fields.count && fields[lower].number == number ? lower : nil
    }
}

/// Facts about a message and every message that it can contain.
final class MessageTree: Sendable {
    struct Object: Sendable {
        let name: String
        let version: ObjectVersion
    }

    /// The versioned objects among them.
    let objects: [Object]
    /// How deep messages can be nested, 1 when there is none; nil when they can contain themselves.
    let depth: Int?
    let hasConversions: Bool
    /// Some field is gone in later versions, so that even a newer receiver may lack it.
    let hasRetiredFields: Bool

    init(of root: MessageSchema) {
        var walk = Walk()
        depth = walk.depth(of: root)
        let schemas = walk.finished.values.map(\.schema)
        objects = schemas.compactMap { schema in
            schema.version.map { Object(name: schema.name, version: $0) }
        }
        hasConversions = schemas.contains { $0.conversion != nil }
        hasRetiredFields = schemas.contains { schema in schema.fields.contains { $0.until != nil } }
    }

    private struct Walk {
        var finished: [ObjectIdentifier: (schema: MessageSchema, depth: Int?)] = [:]
        private var entered: Set<ObjectIdentifier> = []

        init() {}

        mutating func depth(of schema: MessageSchema) -> Int? {
            let identity = ObjectIdentifier(schema)
            if let known = finished[identity] { return known.depth }
            guard entered.insert(identity).inserted else { return nil }
            var depth: Int? = 1
            for field in schema.fields {
                guard case .message(let nested) = field.kind else { continue }
                if let below = self.depth(of: nested()), let depthSoFar = depth {
                    depth = max(depthSoFar, below + 1)
                } else {
                    depth = nil
                }
            }
            finished[identity] = (schema, depth)
            return depth
        }
    }
}
