package import StatorObjects

/// Encodes messages by their schema, independently of protobuf-c.
package struct WireSample {
    package var bytes: [UInt8] = []

    /// Every field that is not over set to a random value that is valid.
    package init(of schema: MessageSchema, using random: inout SeededGenerator, depth: Int = 0) {
        for field in schema.fields where field.isCurrent(in: schema) {
            for _ in 0..<min(2, field.elementCountMax) {
                append(field, using: &random, depth: depth)
            }
        }
    }

    /// About half of the fields, in any order; lists of up to forty elements, numbers in them one by one or packed.
    package init(someOf schema: MessageSchema, using random: inout SeededGenerator, depth: Int = 0) {
        for field in schema.fields.shuffled(using: &random)
        where field.isCurrent(in: schema) && Bool.random(using: &random) {
            if case .message(let nested) = field.kind {
                guard depth < 2 else { continue }
                for _ in 0..<(field.isRepeated ? Int.random(in: 0...min(2, field.elementCountMax), using: &random) : 1)
                {
                    // What a map's entry comes without has a default, which need not be valid.
                    let child =
                        field.isMap
                        ? WireSample(of: nested(), using: &random, depth: depth + 1)
                        : WireSample(someOf: nested(), using: &random, depth: depth + 1)
                    self.field(field.number, bytes: child.bytes)
                }
                continue
            }
            var values = WireSample()
            let count = field.isRepeated ? Int.random(in: 0...min(40, field.elementCountMax / 2), using: &random) : 1
            for _ in 0..<count {
                values.append(field, using: &random, depth: depth)
            }
            bytes += values.bytes
            if field.isRepeated, Bool.random(using: &random) {
                appendPacked(field, count: count, using: &random)
            }
        }
    }

    package init() {}

    /// Decoders take packed lists wherever a list of numbers is declared.
    private mutating func appendPacked(_ field: FieldSchema, count: Int, using random: inout SeededGenerator) {
        switch field.kind {
        case .string, .bytes, .message: return
        case .int32, .int64, .uint32, .uint64, .bool, .float, .double, .enumeration: break
        }
        var payload = WireSample()
        for _ in 0..<count {
            switch field.kind {
            case .string, .bytes, .message: break
            case .float: payload.bytes += [1, 2, 3, 4]
            case .double: payload.bytes += [1, 2, 3, 4, 5, 6, 7, 8]
            case .bool: payload.varint(1)
            case .enumeration(let enumeration):
                payload.varint(UInt64(bitPattern: Int64(enumeration.values.randomElement(using: &random)?.number ?? 0)))
            case .int32, .int64, .uint32, .uint64: payload.varint(.max)
            }
        }
        self.field(field.number, bytes: payload.bytes)
    }

    package mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    package mutating func field(_ number: UInt32, varint value: UInt64) {
        varint(UInt64(number) << 3)
        varint(value)
    }

    package mutating func field(_ number: UInt32, bytes payload: [UInt8]) {
        varint(UInt64(number) << 3 | 2)
        varint(UInt64(payload.count))
        bytes += payload
    }

    private mutating func append(_ field: FieldSchema, using random: inout SeededGenerator, depth: Int) {
        switch field.kind {
        case .int32:
            self.field(field.number, varint: UInt64(bitPattern: Int64(Int32.random(in: .min ... .max, using: &random))))
        case .int64, .uint64:
            self.field(field.number, varint: random.next() >> UInt64.random(in: 0..<64, using: &random))
        case .uint32:
            self.field(field.number, varint: random.next() >> UInt64.random(in: 32..<64, using: &random))
        case .bool:
            self.field(field.number, varint: random.next() & 1)
        case .float:
            varint(UInt64(field.number) << 3 | 5)
            bytes += (0..<4).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        case .double:
            varint(UInt64(field.number) << 3 | 1)
            bytes += (0..<8).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        case .enumeration(let enumeration):
            let value = enumeration.values.randomElement(using: &random)
            self.field(field.number, varint: UInt64(bitPattern: Int64(value?.number ?? 0)))
        case .string:
            self.field(field.number, bytes: text(of: field, using: &random))
        case .bytes:
            let count = field.format == .uuid ? 16 : Int.random(in: 0...min(20, field.byteCountMax), using: &random)
            self.field(field.number, bytes: (0..<count).map { _ in .random(in: .min ... .max, using: &random) })
        case .message(let nested):
            self.field(field.number, bytes: WireSample(of: nested(), using: &random, depth: depth + 1).bytes)
        }
    }

    private func text(of field: FieldSchema, using random: inout SeededGenerator) -> [UInt8] {
        switch field.format {
        case .macAddress: Array("52:54:00:ab:CD:09".utf8)
        case .ipAddress: Array(["192.0.2.1", "2001:db8::1"][Int.random(in: 0...1, using: &random)].utf8)
        default:
            randomText(byteCountMax: field.byteCountMax, using: &random)
        }
    }

    /// One to twenty characters of one to four bytes each, as far as there is room.
    private func randomText(byteCountMax: Int, using random: inout SeededGenerator) -> [UInt8] {
        var text: [UInt8] = []
        for _ in 0..<Int.random(in: 1...20, using: &random) {
            let character = Array(random.pick(["a", "ß", "日", "🦉", " ", "-", "Z"]).utf8)
            guard text.count + character.count <= byteCountMax else { return text.isEmpty ? [0x61] : text }
            text += character
        }
        return text
    }
}

extension FieldSchema {
    /// Whether the object's own version still has the field.
    fileprivate func isCurrent(in schema: MessageSchema) -> Bool {
        guard let until, let version = schema.version else { return true }
        return version < until
    }
}
