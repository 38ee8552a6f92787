internal import CProtobufC
internal import Synchronization

/// A message as declared: its name, its version when it is a versioned object, its fields, and protobuf-c's descriptor.
///
/// A schema lives for ever, as the descriptor does, so that a copy is a pointer: nothing counts references to it.
@safe public struct MessageSchema: @unchecked Sendable {
    // Sendable: the record is written before it is shared; what is found out later is atomic.

    private let record: UnsafePointer<MessageRecord>

    /// Declares a message over a descriptor that protoc-gen-c generated with strings as bytes.
    ///
    /// - Parameter descriptor: A `const ProtobufCMessageDescriptor *` with the same fields, alive for ever.
    public init(
        name: String, version: ObjectVersion? = nil, descriptor: UnsafeRawPointer, fields: [FieldSchema],
        conversion: MessageConversion? = nil
    ) {
        let record = UnsafeMutablePointer<MessageRecord>.allocate(capacity: 1)
        unsafe record.initialize(
            to: MessageRecord(
                name: name, version: version, fields: fields, conversion: conversion,
                descriptor: descriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)))
        unsafe self.record = unsafe UnsafePointer(record)
    }

    /// The full name, for example `stator.v1.Instance`.
    public var name: String { unsafe record.pointee.name }
    /// Nil for a message that is not negotiated: it may never change.
    public var version: ObjectVersion? { unsafe record.pointee.version }
    /// By field number, which is also protobuf-c's order.
    public var fields: [FieldSchema] { unsafe record.pointee.fields }

    /// The name without its package.
    public var shortName: String {
        guard let dot = name.lastIndex(of: ".") else { return name }
        return String(name[name.index(after: dot)...])
    }

    /// The `const ProtobufCMessageDescriptor *` that was given.
    public var descriptor: UnsafeRawPointer { unsafe UnsafeRawPointer(record.pointee.descriptor) }

    var typedDescriptor: UnsafePointer<ProtobufCMessageDescriptor> { unsafe record.pointee.descriptor }
    var structSize: Int { unsafe record.pointee.structSize }
    var conversion: MessageConversion? { unsafe record.pointee.conversion }
    /// In the order of the fields.
    var layouts: UnsafeBufferPointer<FieldLayout> { unsafe record.pointee.layouts }
    /// What validation tests, in the order of the fields.
    var checks: UnsafeBufferPointer<FieldCheck> { unsafe record.pointee.checks }

    func layout(_ index: Int) -> FieldLayout {
        let layouts = unsafe record.pointee.layouts
        precondition(layouts.indices.contains(index), "no field has that index")
        return unsafe layouts[index]
    }

    func index(of field: String) -> Int? { unsafe record.pointee.indexByName[field] }

    func index(ofNumber number: UInt32) -> Int? {
        var lower = 0
        var upper = fields.count
        while lower < upper {
            let middle = (lower + upper) / 2
            if fields[middle].number < number { lower = middle + 1 } else { upper = middle }
        }
        return lower < fields.count && fields[lower].number == number ? lower : nil
    }

    /// The declaration of the messages that a field holds; nil when it holds none.
    ///
    /// Looked up through the declaration's closure once, since asking a closure costs references counted.
    func nested(_ index: Int) -> MessageSchema? {
        unsafe precondition(record.pointee.layouts.indices.contains(index), "no field has that index")
        if let known = unsafe UnsafePointer<MessageRecord>(
            bitPattern: record.pointee.nested[index].load(ordering: .acquiring))
        {
            return unsafe MessageSchema(record: known)
        }
        guard case .message(let look) = unsafe record.pointee.fields[index].kind else { return nil }
        let schema = look()
        // Two threads store the same.
        unsafe record.pointee.nested[index].store(UInt(bitPattern: schema.record), ordering: .releasing)
        return schema
    }

    /// What holds for the message and all that it can contain.
    var tree: MessageTree {
        if let tree = unsafe record.pointee.lazyTree.load() { return tree }
        return unsafe record.pointee.lazyTree.storeIfNil(MessageTree(of: self))
    }

    /// The facts of the tree that every decode and encode needs.
    var facts: MessageTree.Facts {
        let known = unsafe record.pointee.facts.load(ordering: .relaxed)
        if known != 0 { return MessageTree.Facts(rawValue: known) }
        let facts = tree.facts
        unsafe record.pointee.facts.store(facts.rawValue, ordering: .relaxed)
        return facts
    }

    private init(record: UnsafePointer<MessageRecord>) {
        unsafe self.record = unsafe record
    }
}

extension MessageSchema: Hashable {
    /// The same declaration, not an equal one.
    public static func == (left: Self, right: Self) -> Bool {
        unsafe left.record == right.record
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(identity)
    }

    var identity: UInt { UInt(bitPattern: unsafe record) }
}

/// What a schema refers to; stays in memory for ever.
@safe private struct MessageRecord: ~Copyable {
    let name: String
    let version: ObjectVersion?
    let fields: [FieldSchema]
    let conversion: MessageConversion?
    let indexByName: [String: Int]
    let descriptor: UnsafePointer<ProtobufCMessageDescriptor>
    let structSize: Int
    let layouts: UnsafeBufferPointer<FieldLayout>
    let checks: UnsafeBufferPointer<FieldCheck>
    /// For each field, the address of the record of the messages that it holds once it was looked up, else 0.
    let nested: UnsafePointer<Atomic<UInt>>
    let facts = Atomic<UInt64>(0)
    let lazyTree = AtomicLazyReference<MessageTree>()

    init(
        name: String, version: ObjectVersion?, fields: [FieldSchema], conversion: MessageConversion?,
        descriptor: UnsafePointer<ProtobufCMessageDescriptor>
    ) {
        let generated = unsafe UnsafeBufferPointer(
            start: descriptor.pointee.fields, count: Int(descriptor.pointee.n_fields))
        precondition(fields.count == generated.count, "\(name): the schema and the C code have different fields")
        precondition(fields.count <= 128, "\(name): a message has at most 128 fields")
        let layouts = UnsafeMutableBufferPointer<FieldLayout>.allocate(capacity: fields.count)
        let nested = UnsafeMutablePointer<Atomic<UInt>>.allocate(capacity: max(fields.count, 1))
        var checks: [FieldCheck] = []
        for (index, field) in fields.enumerated() {
            let member = unsafe generated[index]
            guard unsafe member.id == field.number, let layout = unsafe FieldLayout(member), layout.fits(field) else {
                preconditionFailure("\(name).\(field.name): the schema and the C code differ")
            }
            unsafe layouts.initializeElement(at: index, to: layout)
            unsafe (nested + index).initialize(to: Atomic(0))
            if let check = FieldCheck(field, layout, index: index) { checks.append(check) }
        }
        let checkTable = UnsafeMutableBufferPointer<FieldCheck>.allocate(capacity: checks.count)
        _ = unsafe checkTable.initialize(fromContentsOf: checks)
        self.name = name
        self.version = version
        self.fields = fields
        self.conversion = conversion
        indexByName = Dictionary(uniqueKeysWithValues: fields.enumerated().map { ($1.name, $0) })
        unsafe self.descriptor = unsafe descriptor
        structSize = unsafe descriptor.pointee.sizeof_message
        unsafe self.layouts = UnsafeBufferPointer(layouts)
        unsafe self.checks = UnsafeBufferPointer(checkTable)
        unsafe self.nested = unsafe UnsafePointer(nested)
    }
}
