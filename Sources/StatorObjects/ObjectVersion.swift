/// The version of an object's declaration, `major.minor`.
///
/// A newer minor version only adds; objects of different major versions do not understand each other.
public struct ObjectVersion: Hashable, Sendable {
    public let major: UInt16
    public let minor: UInt16

    public init(_ major: UInt16, _ minor: UInt16) {
        self.major = major
        self.minor = minor
    }

    /// Reads `major.minor`, each a decimal number up to 65,535 without leading zeros.
    public init?(_ text: some StringProtocol) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 2, let major = Self.number(parts[0]), let minor = Self.number(parts[1]) else {
            return nil
        }
        self.init(major, minor)
    }

    private static func number(_ digits: some Collection<UInt8>) -> UInt16? {
        guard let first = digits.first, digits.count <= 5, first != UInt8(ascii: "0") || digits.count == 1 else {
            return nil
        }
        var value: UInt32 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + UInt32(digit - UInt8(ascii: "0"))
        }
        return UInt16(exactly: value)
    }
}

extension ObjectVersion: Comparable {
    public static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}

extension ObjectVersion: CustomStringConvertible {
    public var description: String { "\(major).\(minor)" }
}
