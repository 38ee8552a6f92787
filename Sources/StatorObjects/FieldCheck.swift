/// What validation tests of a field's values: a plain record, so that walking over a message's fields costs neither
/// references counted nor arrays and strings copied.
struct FieldCheck: BitwiseCopyable, Sendable {
    enum Rule: UInt8, BitwiseCopyable, Sendable {
        /// Only the number of elements is bounded.
        case elementCount
        case message
        /// A message of a map's key and value.
        case mapEntry
        /// Numbers from `enumMin` on, `enumWord` more.
        case enumRange
        /// Numbers from `enumMin` on: those whose bit is set in `enumWord`.
        case enumBits
        /// Numbers that are further apart.
        case enumSet
        case bytes
        case uuid
        case text
        case name
        case macAddress
        case ipAddress
        /// A format of text that is declared for bytes, or one of bytes for text.
        case unusual
    }

    let rule: Rule
    let isRepeated: Bool
    /// Of the field.
    let index: UInt16
    let offset: UInt32
    /// The field is set when the word that lies there is not 0 under the mask: a flag with its value behind it, the
    /// number of a list's elements, or the pointer to a message.
    let presenceOffset: UInt32
    let enumMin: Int32
    let presenceMask: UInt64
    let enumWord: UInt64
    let byteCountMax: Int
    let elementCountMax: Int

    /// Nil when all that protobuf's encoding allows is valid.
    init?(_ field: FieldSchema, _ layout: FieldLayout, index: Int) {
        guard let rule = Rule(field) else { return nil }
        self.rule = rule
        isRepeated = layout.isRepeated
        self.index = UInt16(index)
        offset = UInt32(layout.offset)
        let isPointer = rule == .message && !isRepeated
        presenceOffset = UInt32(isPointer ? layout.offset : layout.quantifierOffset)
        presenceMask = isPointer || isRepeated ? .max : UInt64(UInt32.max)
        byteCountMax = field.byteCountMax
        elementCountMax = field.elementCountMax
        if case .enumeration(let enumeration) = field.kind, let first = enumeration.values.first?.number {
            enumMin = first
            enumWord =
                rule == .enumBits
                ? enumeration.values.reduce(0) { $0 | 1 << UInt64(UInt32(bitPattern: $1.number &- first)) }
                : UInt64(enumeration.values.count - 1)
        } else {
            enumMin = 0
            enumWord = 0
        }
    }

    /// Whether the number is certainly valid; for what is not, there is a sentence to find.
    @inline(__always)
    func accepts(_ number: Int32) -> Bool {
        let distance = UInt64(UInt32(bitPattern: number &- enumMin))
        return switch rule {
        case .enumBits: distance < 64 && enumWord & (1 << distance) != 0
        case .enumRange: distance <= enumWord
        default: false
        }
    }

    /// Whether the bytes are certainly valid; for what is not, there is a sentence to find.
    @inline(__always)
    func accepts(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count <= byteCountMax else { return false }
        return switch rule {
        case .uuid: bytes.count == 16
        case .name: unsafe isPlainName(bytes)
        case .text: unsafe isASCII(bytes)
        case .bytes: true
        // Both are made of ASCII characters only.
        case .macAddress: unsafe isMACAddress(bytes)
        case .ipAddress: unsafe isIPAddress(bytes)
        case .unusual, .message, .mapEntry, .enumRange, .enumBits, .enumSet, .elementCount: false
        }
    }
}

extension FieldCheck.Rule {
    fileprivate init?(_ field: FieldSchema) {
        switch (field.kind, field.format) {
        case (.message, _): self = field.isMap ? .mapEntry : .message
        case (.enumeration(let enumeration), _): self = enumeration.checkRule
        case (.bytes, .plain), (.bytes, .timestamp): self = .bytes
        case (.bytes, .uuid): self = .uuid
        case (.string, .plain), (.string, .timestamp): self = .text
        case (.string, .name): self = .name
        case (.string, .macAddress): self = .macAddress
        case (.string, .ipAddress): self = .ipAddress
        case (.bytes, _), (.string, _): self = .unusual
        case (.int32, _), (.int64, _), (.uint32, _), (.uint64, _), (.bool, _), (.float, _), (.double, _):
            guard field.isRepeated else { return nil }
            self = .elementCount
        }
    }
}

extension EnumSchema {
    fileprivate var checkRule: FieldCheck.Rule {
        guard let first = values.first?.number, let last = values.last?.number else { return .enumSet }
        let span = Int(last) - Int(first)
        if span < UInt64.bitWidth { return .enumBits }
        let isDense = zip(values, values.dropFirst()).allSatisfy { $0.number &+ 1 == $1.number }
        return isDense ? .enumRange : .enumSet
    }
}
