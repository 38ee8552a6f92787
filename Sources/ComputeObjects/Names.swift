internal import StatorObjects
package import StatorRPC
internal import StatorWire

/// Why a text cannot be a name, in a sentence that names what was to be named.
package struct InvalidName: Error, Equatable, CustomStringConvertible {
    package enum Code: Sendable, CaseIterable {
        case missing
        case empty
        case blank
        case tooLong
        case controlCharacter
        case looksLikeUUID
    }

    package let code: Code
    package let message: String

    package var description: String { message }
}

extension InvalidName: RPCErrorConvertible {
    package var rpcError: RPCError { RPCError(.invalidArgument, message) }
}

/// Refuses what cannot be the name of a server, flavor, image or host: 1 to 255 characters without control
/// characters, and not a uuid's text, since that would never be found as a name.
///
/// `field` is how the caller calls it, e.g. "name" or "flavor.name".
package func checkName(_ name: String?, field: String) throws(InvalidName) {
    guard let name else {
        throw InvalidName(code: .missing, message: "\(field) is missing")
    }
    try checkNameCharacters(name, field: field)
    if name.isUUIDText {
        throw InvalidName(
            code: .looksLikeUUID,
            message: "\(field) may not be the text of a uuid, which always means an id; choose another name")
    }
}

/// The part of the rule for names that also holds for the text with which something is looked up.
package func checkNameCharacters(_ name: String, field: String) throws(InvalidName) {
    if name.isEmpty {
        throw InvalidName(code: .empty, message: "\(field) is empty; it takes 1 to 255 characters")
    }
    let scalars = name.unicodeScalars
    // What cannot be a name may be very long: it is neither counted further than needed nor repeated.
    if name.utf8.count > ComputeLimits.nameLengthMax * 4 || scalars.count > ComputeLimits.nameLengthMax {
        throw InvalidName(
            code: .tooLong,
            message: "\(field) is longer than \(ComputeLimits.nameLengthMax) characters")
    }
    if let control = scalars.first(where: \.isControl) {
        throw InvalidName(
            code: .controlCharacter,
            message: "\(field) contains \(describe(control)); control characters are not allowed in names")
    }
    if scalars.allSatisfy(\.properties.isWhitespace) {
        throw InvalidName(code: .blank, message: "\(field) is blank; it takes at least one visible character")
    }
}

/// A control character as text: "a NUL character", "the control character U+001B".
private func describe(_ scalar: Unicode.Scalar) -> String {
    if scalar.value == 0 { return "a NUL character" }
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return "the control character U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}

extension String {
    /// True for 8-4-4-4-12 hexadecimal digits.
    package var isUUIDText: Bool {
        utf8.count == 36 && ObjectID(self) != nil
    }
}
