internal import Foundation
internal import SwiftProtobuf

/// The number of Stator's options as extensions of protobuf's own, as in stator/v1/options.proto.
let optionExtensionNumber = 50_800
/// The file that declares them: read by the plugin, and no part of any contract.
let optionsPath = "stator/v1/options.proto"

package enum LoweringOption: UInt64 {
    case drop = 0
    case refuse = 1
    case convert = 2
}

package enum FormatOption: UInt64 {
    case plain = 0
    case uuid = 1
    case timestamp = 2
    case name = 3
    case macAddress = 4
    case ipAddress = 5
}

/// `(object)` of a message.
struct ObjectOptions {
    var version: String?

    init(_ options: some Message) {
        for field in OptionField.all(of: options) where field.number == 1 {
            version = field.text
        }
    }
}

/// `(field)` of a field.
struct FieldOptions {
    var since: String?
    var until: String?
    var lowering = LoweringOption.drop
    var format = FormatOption.plain
    var lengthMax: UInt32?
    var isSensitive = false
    var isLazy = false

    init(_ options: some Message) {
        for field in OptionField.all(of: options) {
            switch field.number {
            case 1: since = field.text
            case 2: until = field.text
            case 3: lowering = LoweringOption(rawValue: field.value) ?? .drop
            case 4: format = FormatOption(rawValue: field.value) ?? .plain
            case 5: lengthMax = UInt32(truncatingIfNeeded: field.value)
            case 6: isSensitive = field.value != 0
            case 7: isLazy = field.value != 0
            default: break
            }
        }
    }
}

/// `(value)` of an enumeration's value.
struct EnumValueOptions {
    var since: String?
    var loweredAs: String?

    init(_ options: some Message) {
        for field in OptionField.all(of: options) {
            switch field.number {
            case 1: since = field.text
            case 2: loweredAs = field.text
            default: break
            }
        }
    }
}

/// `(call)` of a method.
struct MethodOptions {
    /// Names of the runtime's enumeration; a class that is not known, or none, is left out.
    var callers: [String] = []
    var isIdempotent = false
    var since: UInt32?
    var until: UInt32?
    var isPriority = false

    private static let callerNames = [1: "compute", 2: "conductor", 3: "api", 4: "operator", 5: "user"]

    init(_ options: some Message) {
        for field in OptionField.all(of: options) {
            switch field.number {
            case 1:
                // One by one or packed: writers may choose.
                for value in field.payload == nil ? [field.value] : field.packedValues {
                    if let name = Self.callerNames[Int(truncatingIfNeeded: value)] { callers.append(name) }
                }
            case 2: isIdempotent = field.value != 0
            case 3: since = UInt32(truncatingIfNeeded: field.value)
            case 4: isPriority = field.value != 0
            case 5: until = UInt32(truncatingIfNeeded: field.value)
            default: break
            }
        }
    }
}

/// One field of an option's message.
///
/// Read by hand, since the options are extensions: the plugin library keeps what it does not know as bytes, and
/// a generated reader would need another plugin to be built before this one.
private struct OptionField {
    var number: Int
    var value: UInt64 = 0
    var payload: ArraySlice<UInt8>?

    var text: String? { payload.map { String(decoding: $0, as: UTF8.self) } }

    var packedValues: [UInt64] {
        var rest = payload ?? []
        var values: [UInt64] = []
        while let value = Self.varint(&rest) { values.append(value) }
        return values
    }

    /// The fields of all occurrences of the extension in protobuf's options.
    static func all(of options: some Message) -> [OptionField] {
        fields([UInt8](options.unknownFields.data)[...])
            .filter { $0.number == optionExtensionNumber }
            .flatMap { fields($0.payload ?? []) }
    }

    private static func fields(_ bytes: ArraySlice<UInt8>) -> [OptionField] {
        var rest = bytes
        var fields: [OptionField] = []
        while let tag = varint(&rest) {
            var field = OptionField(number: Int(truncatingIfNeeded: tag >> 3))
            switch tag & 7 {
            case 0:
                field.value = varint(&rest) ?? 0
            case 1:
                rest = rest.dropFirst(8)
            case 2:
                let length = Int(clamping: varint(&rest) ?? 0)
                field.payload = rest.prefix(length)
                rest = rest.dropFirst(length)
            case 5:
                rest = rest.dropFirst(4)
            default:
                return fields
            }
            fields.append(field)
        }
        return fields
    }

    private static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = bytes.popFirst() {
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        return nil
    }
}
